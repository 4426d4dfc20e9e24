/** Results for people and programs: tables, JSON, HTML with charts. */
package io.millrace.bench.report;
