package io.millrace.apps.http;

import io.millrace.buf.Buffer;
import io.millrace.buf.Bytes;
import io.millrace.tcp.TcpCloseReason;
import io.millrace.tcp.TcpConnection;
import io.millrace.tcp.TcpHandler;
import io.millrace.time.TimerNode;

/**
 * One connection to the web server: requests are read in place, answered in order, and bodies sent
 * by reference.
 *
 * <p>Back-pressure: while a response does not fit into the send buffer, no further request is read
 * and the peer's window stays shut. Every state has a deadline. <b>Thread:</b> the shard's.
 */
final class HttpConnection extends TimerNode implements TcpHandler {
  /** How long we wait for the peer to close after we did, in ns. */
  private static final long LINGER = 2_000_000_000L;

  private static final String ALLOW_READING = "Allow: GET, HEAD\r\n";

  private enum Phase {
    /** Requests are read and answered. */
    SERVING,
    /**
     * The last response is queued, our side is closed; what still comes is thrown away until the
     * peer closes.
     */
    LINGERING,
    CLOSED
  }

  private final HttpShard server;
  private final TcpConnection connection;
  private final RequestReader reader;

  private final Backlog waiting = new Backlog();
  private final OutgoingBody body;
  private Phase phase = Phase.SERVING;

  /** Output is full: go on when it is writable. */
  private boolean blocked;

  private boolean headStarted;
  private boolean peerClosed;
  private boolean keepOpen;

  /** The body that is being received, or null. */
  private Upload upload;

  private long deadline;
  private long lastProgress = Long.MIN_VALUE;

  HttpConnection(HttpShard server, TcpConnection connection) {
    this.server = server;
    this.connection = connection;
    this.reader = new RequestReader(server.blocks());
    this.body = new OutgoingBody(server);
    connection.noDelay(true);
    expectBy(server.idleTimeout());
  }

  // ---- in ----

  @Override
  public void onData(TcpConnection c, Buffer data) {
    if (phase != Phase.SERVING) {
      return;
    }
    if (blocked || !waiting.isEmpty()) {
      keep(data, 0);
      return;
    }
    int used = serve(data.address(), data.length());
    if (used < data.length() && phase == Phase.SERVING) {
      keep(data, used);
    }
    if (!blocked) {
      expectNext();
    }
  }

  private void keep(Buffer data, int used) {
    waiting.add(data, used);
    connection.pauseReading();
  }

  /**
   * Reads and answers until the bytes are used up or the output is full; returns how many are used.
   */
  private int serve(long address, int length) {
    int at = 0;
    while (phase == Phase.SERVING && !blocked) {
      RequestReader.Event event = reader.read(address + at, length - at);
      at += reader.consumed();
      switch (event) {
        case MORE -> {
          return at;
        }
        case HEAD -> {
          server.requested();
          answer(reader.head());
          reader.releaseHead();
        }
        case BODY -> {
          upload.add(reader.bodyAddress(), reader.bodyLength());
          server.received(reader.bodyLength());
        }
        case END -> uploaded();
        case BAD -> {
          keepOpen = false;
          send(Reply.error(reader.status(), ""), false, true);
        }
      }
    }
    return at;
  }

  /** Goes on with what arrived in the meantime. */
  private void serveWaiting() {
    while (phase == Phase.SERVING && !blocked && !waiting.isEmpty()) {
      waiting.use(serve(waiting.address(), waiting.length()));
    }
    if (phase == Phase.SERVING && waiting.isEmpty()) {
      connection.resumeReading();
      if (peerClosed && !blocked) {
        close();
      } else if (!blocked) {
        expectNext();
      }
    }
  }

  @Override
  public void onPeerClosed(TcpConnection c) {
    peerClosed = true;
    if (phase == Phase.LINGERING || (!blocked && waiting.isEmpty())) {
      close();
    }
  }

  // ---- answers ----

  private void answer(RequestHead head) {
    Method method = head.method();
    boolean http10 = head.isHttp10();
    if (head.hasBody() && !isSink(head)) {
      // The body is not read: only closing tells the peer where the next request would begin.
      keepOpen = false;
      send(
          Reply.error(
              method == Method.UNKNOWN
                  ? 501
                  : method == Method.GET || method == Method.HEAD ? 400 : 405,
              ALLOW_READING),
          http10,
          true);
      return;
    }
    keepOpen = head.isPersistent();
    switch (method) {
      case GET, HEAD -> read(head);
      case PUT, POST -> {
        if (isSink(head)) {
          beginUpload(head);
        } else {
          send(Reply.error(405, ALLOW_READING), http10, true);
        }
      }
      case OTHER -> send(Reply.error(405, ALLOW_READING), http10, true);
      case UNKNOWN -> send(Reply.error(501, ""), http10, true);
    }
  }

  private void read(RequestHead head) {
    Resource resource = server.find(head);
    if (resource != null) {
      send(resource, head);
      return;
    }
    boolean withBody = head.method() == Method.GET;
    send(special(head), head.isHttp10(), withBody);
  }

  private Reply special(RequestHead head) {
    if (isTarget("/stats", head)) {
      return Reply.text(StatsPage.text(server.shard(), server.totals()));
    }
    if (isTarget("/stats.json", head)) {
      return Reply.json(StatsPage.json(server.shard(), server.totals()));
    }
    if (isTarget("/sink", head)) {
      return Reply.error(405, "Allow: PUT, POST\r\n");
    }
    int status = server.findStatus();
    if (status == 301) {
      byte[] target = new byte[head.targetLength()];
      Bytes.copyOut(head.target(), target, 0, target.length);
      String location = new String(target, java.nio.charset.StandardCharsets.ISO_8859_1);
      // Two slashes in front would name another host (RFC 3986 §4.2).
      return Reply.error(301, "Location: /" + location.replaceFirst("^/+", "") + "/\r\n");
    }
    return Reply.error(status, "");
  }

  private static boolean isSink(RequestHead head) {
    return (head.method() == Method.PUT || head.method() == Method.POST) && isTarget("/sink", head);
  }

  private static boolean isTarget(String path, RequestHead head) {
    if (head.targetLength() != path.length()) {
      return false;
    }
    for (int i = 0; i < path.length(); i++) {
      if (Bytes.u8(head.target() + i) != path.charAt(i)) {
        return false;
      }
    }
    return true;
  }

  private void send(Resource resource, RequestHead head) {
    boolean get = head.method() == Method.GET;
    if (get && head.hasRange()) {
      sendRange(resource, head);
      return;
    }
    HeadTemplate template = resource.head(keepOpen, head.isHttp10());
    template.date(server.date());
    boolean inline = get && resource.isInline();
    int length = inline ? template.bytes().length : template.headLength();
    blocked = !connection.send(template.bytes(), 0, length);
    if (inline) {
      server.sent(length - template.headLength());
    }
    if (get && !inline) {
      begin(resource.content(), 0, resource.content().size());
    }
    responded();
  }

  private void sendRange(Resource resource, RequestHead head) {
    long size = resource.content().size();
    long first = head.rangeFirst();
    long last = head.rangeLast();
    if (first < 0) {
      // RFC 9110 §14.1.2: the last so many bytes.
      first = Math.max(0, size - last);
      last = last == 0 ? -1 : size - 1;
    } else {
      last = last < 0 ? size - 1 : Math.min(last, size - 1);
    }
    if (first >= size || last < first) {
      send(Reply.error(416, "Content-Range: bytes */" + size + "\r\n"), head.isHttp10(), true);
      return;
    }
    HeadTemplate template = resource.rangeHead(first, last, keepOpen, head.isHttp10());
    template.date(server.date());
    blocked = !connection.send(template.bytes(), 0, template.headLength());
    begin(resource.content(), first, last + 1);
    responded();
  }

  private void send(Reply reply, boolean http10, boolean withBody) {
    if (reply.status() >= 400) {
      server.failed();
    }
    HeadTemplate template = reply.head(keepOpen, http10, withBody);
    template.date(server.date());
    blocked = !connection.send(template.bytes(), 0, template.bytes().length);
    responded();
  }

  private void begin(Content content, long from, long to) {
    body.begin(content, from, to);
    if (!blocked) {
      pump();
    }
  }

  private void pump() {
    switch (body.pump(connection)) {
      case DONE -> {}
      case BLOCKED -> blocked = true;
      case GONE -> {
        // Only breaking off tells the peer that this is not all (RFC 9112 §8).
        server.failed();
        phase = Phase.CLOSED;
        connection.abort();
      }
    }
  }

  /** A response is queued, at least its beginning. */
  private void responded() {
    if (phase != Phase.SERVING) {
      return;
    }
    if (blocked) {
      expectBy(server.stallTimeout());
    } else if (!keepOpen) {
      linger();
    }
  }

  @Override
  public void onWritable(TcpConnection c) {
    if (phase != Phase.SERVING || !blocked) {
      return;
    }
    blocked = false;
    pump();
    responded();
    if (!blocked) {
      serveWaiting();
    }
  }

  // ---- uploads ----

  private void beginUpload(RequestHead head) {
    upload = new Upload();
    if (!head.hasBody()) {
      uploaded();
    } else if (head.expectsContinue()) {
      blocked = !connection.send(Upload.CONTINUE, 0, Upload.CONTINUE.length);
    }
  }

  private void uploaded() {
    Reply receipt = upload.receipt();
    upload = null;
    send(receipt, false, true);
  }

  // ---- the end, and deadlines ----

  /**
   * Closes our side, and waits for the peer's: closing at once could reset the connection before it
   * has read all.
   */
  private void linger() {
    phase = Phase.LINGERING;
    waiting.clear();
    connection.shutdownOutput();
    if (peerClosed) {
      close();
      return;
    }
    connection.resumeReading();
    expectBy(LINGER);
  }

  private void close() {
    phase = Phase.CLOSED;
    waiting.clear();
    server.shard().wheel().cancel(this);
    connection.close();
  }

  @Override
  public void onClosed(TcpConnection c, TcpCloseReason reason) {
    phase = Phase.CLOSED;
    server.closed();
    server.shard().wheel().cancel(this);
    reader.close();
    waiting.clear();
    body.close();
  }

  /**
   * Sets the deadline for what comes next: a request, the rest of its head, or the rest of its
   * body.
   */
  private void expectNext() {
    if (phase != Phase.SERVING) {
      return;
    }
    if (reader.isBetweenRequests()) {
      headStarted = false;
      expectBy(server.idleTimeout());
    } else if (upload != null) {
      headStarted = false;
      expectBy(server.stallTimeout());
    } else if (!headStarted) {
      // Not moved by further bytes: a head that comes drop by drop must still come in time.
      headStarted = true;
      expectBy(server.headTimeout());
    }
  }

  /** Moves the deadline; the wheel is only bothered when it comes nearer. */
  private void expectBy(long fromNow) {
    deadline = server.now() + fromNow;
    if (phase != Phase.CLOSED && (!isScheduled() || scheduledDeadline() > deadline)) {
      server.shard().wheel().schedule(this, deadline);
    }
  }

  @Override
  protected void onTimer(long now) {
    if (now < deadline) {
      server.shard().wheel().schedule(this, deadline);
      return;
    }
    if (phase == Phase.LINGERING || blocked) {
      sendingIsLate();
    } else if (!connection.isSendable()) {
      connection.abort();
    } else if (!reader.isBetweenRequests() && upload == null) {
      keepOpen = false;
      send(Reply.error(408, ""), false, true);
    } else if (upload != null) {
      connection.abort();
    } else {
      close();
    }
  }

  /** Slow is fine, as long as it moves. */
  private void sendingIsLate() {
    long queued = connection.unacknowledgedBytes();
    long progress = body.at() - queued;
    if (queued == 0 && phase == Phase.LINGERING) {
      close();
    } else if (progress == lastProgress) {
      connection.abort();
    } else {
      lastProgress = progress;
      expectBy(server.stallTimeout());
    }
  }
}
