import java.io.File;
import java.nio.ByteBuffer;
import javax.websocket.*;
import javax.websocket.server.*;
import org.apache.catalina.Context;
import org.apache.catalina.startup.Tomcat;

public class TomcatEcho {
  @ServerEndpoint("/")
  public static class Echo {
    @OnMessage public void text(Session session, String text) throws Exception { session.getBasicRemote().sendText(text); }
    @OnMessage public void binary(Session session, ByteBuffer bytes) throws Exception { session.getBasicRemote().sendBinary(bytes); }
    @OnError public void error(Session session, Throwable error) {}
  }

  public static void main(String[] args) throws Exception {
    java.util.logging.LogManager.getLogManager().reset();
    Tomcat tomcat = new Tomcat();
    tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
    tomcat.setHostname("127.0.0.1");
    tomcat.setPort(Integer.parseInt(args[0]));
    tomcat.getConnector();
    Context context = tomcat.addContext("", new File(".").getAbsolutePath());
    context.addServletContainerInitializer(new org.apache.tomcat.websocket.server.WsSci(), java.util.Set.of(Echo.class));
    Tomcat.addServlet(context, "default", new org.apache.catalina.servlets.DefaultServlet());
    context.addServletMappingDecoded("/", "default");
    tomcat.start();
    tomcat.getServer().await();
  }
}
