/** What the shard tells people about itself: named drops, counters, frame taps. */
package io.millrace.diag;
