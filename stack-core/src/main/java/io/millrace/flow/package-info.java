/** Finding a packet's flow, and the hash by which hardware spreads flows over shards. */
package io.millrace.flow;
