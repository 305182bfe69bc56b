import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.servlet.ServletContextHandler;
import org.eclipse.jetty.servlet.ServletHolder;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.annotations.OnWebSocketError;
import org.eclipse.jetty.websocket.api.annotations.OnWebSocketMessage;
import org.eclipse.jetty.websocket.api.annotations.WebSocket;
import org.eclipse.jetty.websocket.servlet.WebSocketServlet;
import org.eclipse.jetty.websocket.servlet.WebSocketServletFactory;

public class JettyEcho {
  @WebSocket
  public static class Echo {
    @OnWebSocketMessage
    public void text(Session session, String text) {
      session.getRemote().sendStringByFuture(text);
    }

    @OnWebSocketMessage
    public void binary(Session session, byte[] bytes, int offset, int length) {
      session.getRemote().sendBytesByFuture(ByteBuffer.wrap(bytes, offset, length));
    }

    @OnWebSocketError
    public void error(Throwable error) {}
  }

  public static class EchoServlet extends WebSocketServlet {
    @Override
    public void configure(WebSocketServletFactory factory) {
      factory.register(Echo.class);
    }
  }

  public static void main(String[] args) throws Exception {
    Server server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(args[0])));
    ServletContextHandler context = new ServletContextHandler();
    context.addServlet(new ServletHolder(new EchoServlet()), "/*");
    server.setHandler(context);
    server.start();
    server.join();
  }
}
