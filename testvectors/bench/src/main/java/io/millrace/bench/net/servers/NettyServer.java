package io.millrace.bench.net.servers;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.IoHandlerFactory;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.ServerChannel;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollServerSocketChannel;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringServerSocketChannel;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpHeadersFactory;
import io.netty.handler.codec.http.EmptyHttpHeaders;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpHeaderValues;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpRequestDecoder;
import io.netty.handler.codec.http.HttpResponseEncoder;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.util.AsciiString;
import io.netty.util.ReferenceCountUtil;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * Netty as one would set it up for small responses: one event loop, pooled buffers, header names
 * and date made once, one flush for all requests of a read.
 */
public final class NettyServer {
  private static final int BACKLOG = 4_096;
  private static final AsciiString NAME = AsciiString.cached("Netty");
  private static final AsciiString TYPE = AsciiString.cached("text/html; charset=utf-8");

  private NettyServer() {}

  /**
   * Serves until it is killed.
   *
   * @param args {@code epoll} or {@code io_uring}, address, port, bytes of the body
   */
  public static void main(String[] args) throws InterruptedException {
    boolean uring = args[0].equals("io_uring");
    IoHandlerFactory handlers = uring ? IoUringIoHandler.newFactory() : EpollIoHandler.newFactory();
    Class<? extends ServerChannel> channel =
        uring ? IoUringServerSocketChannel.class : EpollServerSocketChannel.class;
    ByteBuf body = Unpooled.directBuffer().writeBytes(Body.of(Integer.parseInt(args[3])));
    EventLoopGroup group = new MultiThreadIoEventLoopGroup(1, handlers);
    Today today = new Today();
    var _ = group.scheduleAtFixedRate(today, 0, 1, TimeUnit.SECONDS);
    new ServerBootstrap()
        .group(group)
        .channel(channel)
        .option(ChannelOption.SO_BACKLOG, BACKLOG)
        .option(ChannelOption.SO_REUSEADDR, true)
        .childOption(ChannelOption.TCP_NODELAY, true)
        .childOption(ChannelOption.ALLOCATOR, PooledByteBufAllocator.DEFAULT)
        .childHandler(new Pipeline(body, today))
        .bind(new InetSocketAddress(args[1], Integer.parseInt(args[2])))
        .sync()
        .channel()
        .closeFuture()
        .sync();
  }

  private static final class Today implements Runnable {
    private volatile AsciiString text = new AsciiString(HttpDate.now());

    @Override
    public void run() {
      text = new AsciiString(HttpDate.now().getBytes(US_ASCII));
    }
  }

  private static final class Pipeline extends ChannelInitializer<SocketChannel> {
    private final ByteBuf body;
    private final Today today;

    Pipeline(ByteBuf body, Today today) {
      this.body = body;
      this.today = today;
    }

    @Override
    protected void initChannel(SocketChannel channel) {
      HttpDecoderConfig reading =
          new HttpDecoderConfig()
              .setHeadersFactory(DefaultHttpHeadersFactory.headersFactory().withValidation(false));
      channel
          .pipeline()
          .addLast(new HttpResponseEncoder())
          .addLast(new HttpRequestDecoder(reading))
          .addLast(new Responder(body, today));
    }
  }

  private static final class Responder extends ChannelInboundHandlerAdapter {
    private final ByteBuf body;
    private final Today today;

    Responder(ByteBuf body, Today today) {
      this.body = body;
      this.today = today;
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      try {
        if (message instanceof HttpRequest request) {
          answer(context, request);
        }
      } finally {
        ReferenceCountUtil.release(message);
      }
    }

    private void answer(ChannelHandlerContext context, HttpRequest request) {
      HttpHeaders headers =
          DefaultHttpHeadersFactory.headersFactory().withValidation(false).newHeaders();
      headers
          .add(HttpHeaderNames.SERVER, NAME)
          .add(HttpHeaderNames.DATE, today.text)
          .add(HttpHeaderNames.CONTENT_TYPE, TYPE)
          .add(HttpHeaderNames.CONTENT_LENGTH, AsciiString.of("" + body.readableBytes()));
      boolean keepAlive = HttpUtil.isKeepAlive(request);
      if (!keepAlive) {
        headers.add(HttpHeaderNames.CONNECTION, HttpHeaderValues.CLOSE);
      }
      FullHttpResponse response =
          new DefaultFullHttpResponse(
              HttpVersion.HTTP_1_1,
              HttpResponseStatus.OK,
              body.retainedDuplicate(),
              headers,
              EmptyHttpHeaders.INSTANCE);
      if (keepAlive) {
        var _ = context.write(response, context.voidPromise());
      } else {
        var _ = context.write(response).addListener(ChannelFutureListener.CLOSE);
      }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
      context.flush();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      var _ = context.close();
    }
  }
}
