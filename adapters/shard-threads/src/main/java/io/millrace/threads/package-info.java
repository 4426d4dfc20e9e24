/**
 * Virtual threads whose scheduler is the shard, so that blocking code runs there without a lock and
 * is resumed by the packet that it waits for.
 *
 * <p>The JDK has no supported way to say which scheduler a virtual thread has; this module uses the
 * one that is inside, and needs {@code --add-opens=java.base/java.lang=io.millrace.threads} ({@code
 * =ALL-UNNAMED} on the class path). Without it, whoever wants such threads gets ordinary ones.
 */
package io.millrace.threads;
