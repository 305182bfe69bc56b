import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.io.File;
import java.nio.ByteBuffer;
import java.util.Set;
import java.util.logging.LogManager;
import org.apache.catalina.Context;
import org.apache.catalina.servlets.DefaultServlet;
import org.apache.catalina.startup.Tomcat;
import org.apache.tomcat.websocket.server.WsSci;

public class TomcatEcho {
  @ServerEndpoint("/")
  public static class Echo {
    @OnMessage
    public void text(Session session, String text) throws Exception {
      session.getBasicRemote().sendText(text);
    }

    @OnMessage
    public void binary(Session session, ByteBuffer bytes) throws Exception {
      session.getBasicRemote().sendBinary(bytes);
    }

    @OnError
    public void error(Session session, Throwable error) {}
  }

  public static void main(String[] args) throws Exception {
    LogManager.getLogManager().reset();
    Tomcat tomcat = new Tomcat();
    // Each process has a folder of its own: the port is part of the name.
    tomcat.setBaseDir(System.getProperty("java.io.tmpdir") + "/tomcat-echo-" + args[0]);
    tomcat.setHostname("127.0.0.1");
    tomcat.setPort(Integer.parseInt(args[0]));
    tomcat.getConnector().setProperty("address", "127.0.0.1");
    Context context = tomcat.addContext("", new File(".").getAbsolutePath());
    context.addServletContainerInitializer(new WsSci(), Set.of(Echo.class));
    Tomcat.addServlet(context, "default", new DefaultServlet());
    context.addServletMappingDecoded("/", "default");
    tomcat.start();
    tomcat.getServer().await();
  }
}
