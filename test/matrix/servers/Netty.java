import io.netty.bootstrap.ServerBootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.channel.*;
import io.netty.channel.nio.NioEventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.*;
import io.netty.handler.codec.http.websocketx.*;
import io.netty.handler.codec.http.websocketx.extensions.compression.WebSocketServerCompressionHandler;

public class Netty {
  public static void main(String[] args) throws Exception {
    boolean deflate = args.length > 1;
    new ServerBootstrap().group(new NioEventLoopGroup(1)).channel(NioServerSocketChannel.class)
        .childHandler(new ChannelInitializer<SocketChannel>() {
          protected void initChannel(SocketChannel channel) {
            ChannelPipeline pipeline = channel.pipeline().addLast(new HttpServerCodec()).addLast(new HttpObjectAggregator(65536));
            if (deflate) pipeline.addLast(new WebSocketServerCompressionHandler());
            pipeline.addLast(new WebSocketServerProtocolHandler("/", null, deflate, 65536, false, true))
                .addLast(new WebSocketFrameAggregator(16 * 1024 * 1024))
                .addLast(new SimpleChannelInboundHandler<WebSocketFrame>() {
                  protected void channelRead0(ChannelHandlerContext context, WebSocketFrame frame) {
                    ByteBuf payload = frame.content().retain();
                    context.writeAndFlush(frame instanceof TextWebSocketFrame ? new TextWebSocketFrame(payload) : new BinaryWebSocketFrame(payload));
                  }
                  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) { context.close(); }
                });
          }
        }).bind("127.0.0.1", Integer.parseInt(args[0])).sync().channel().closeFuture().sync();
  }
}
