package io.millrace.apps.http;

/** What a request asks for (RFC 9110 §9). */
enum Method {
  GET,
  HEAD,
  PUT,
  POST,
  /** A method that HTTP defines and this server does not offer anywhere: 405. */
  OTHER,
  /** A method that HTTP does not define: 501. */
  UNKNOWN
}
