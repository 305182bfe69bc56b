import java.nio.ByteBuffer;
import org.eclipse.jetty.server.*;
import org.eclipse.jetty.servlet.*;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.annotations.*;
import org.eclipse.jetty.websocket.servlet.*;

public class JettyEcho {
  @WebSocket
  public static class Echo {
    @OnWebSocketMessage public void text(Session session, String text) { session.getRemote().sendStringByFuture(text); }
    @OnWebSocketMessage public void binary(Session session, byte[] bytes, int offset, int length) {
      session.getRemote().sendBytesByFuture(ByteBuffer.wrap(bytes, offset, length));
    }
    @OnWebSocketError public void error(Throwable error) {}
  }

  public static class EchoServlet extends WebSocketServlet {
    public void configure(WebSocketServletFactory factory) { factory.register(Echo.class); }
  }

  public static void main(String[] args) throws Exception {
    Server server = new Server(new java.net.InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
    ServletContextHandler context = new ServletContextHandler();
    context.addServlet(new ServletHolder(new EchoServlet()), "/*");
    server.setHandler(context);
    server.start();
    server.join();
  }
}
