package dev.mezzotint.faults;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.mezzotint.faults.StoreFault.Answer;
import dev.mezzotint.faults.StoreFault.Cut;
import dev.mezzotint.faults.StoreFault.Hang;
import dev.mezzotint.faults.StoreFault.Pass;
import dev.mezzotint.faults.StoreFault.Prevent;
import dev.mezzotint.faults.StoreFault.Reaction;
import dev.mezzotint.faults.StoreFault.Slow;
import dev.mezzotint.faults.StoreFault.Withhold;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URLDecoder;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A proxy between one worker and the store. Forwards requests unchanged, logs them with the store's
 * responses, and injects faults.
 */
final class StoreTap implements AutoCloseable {
  private final ServerSocket server;
  private final int storePort;
  private final Log log;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile String worker = "";
  private volatile StoreFault fault = StoreFault.NONE;

  /** What all taps of a store saw, in the order in which answers came. */
  static final class Log {
    private final AtomicLong number = new AtomicLong();
    private final List<StoreCall> calls = new ArrayList<>();

    private synchronized void add(StoreCall call) {
      calls.add(call);
    }

    synchronized List<StoreCall> all() {
      return List.copyOf(calls);
    }
  }

  StoreTap(int storePort, Log log) throws IOException {
    this.storePort = storePort;
    this.log = log;
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    daemon("store-tap", this::accept);
  }

  static void daemon(String name, Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    thread.start();
  }

  int port() {
    return server.getLocalPort();
  }

  /** From now on it serves this worker, without faults. */
  void serve(String name) {
    fault = StoreFault.NONE;
    disconnect();
    worker = name;
  }

  void breaks(StoreFault how) {
    fault = how;
  }

  /** Ends all connections. */
  void disconnect() {
    open.forEach(StoreTap::close);
    open.clear();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        open.add(client);
        String name = worker;
        daemon("store-tap " + name, () -> converse(client, name));
      } catch (IOException e) {
        // closed, or a client that went away while it came
      }
    }
  }

  private void converse(Socket client, String name) {
    Socket store = new Socket();
    try (client;
        store) {
      store.connect(new java.net.InetSocketAddress("127.0.0.1", storePort), 2000);
      store.setTcpNoDelay(true);
      client.setTcpNoDelay(true);
      InputStream in = new BufferedInputStream(client.getInputStream());
      InputStream answers = new BufferedInputStream(store.getInputStream());
      byte[] head = HttpMessage.readHead(in);
      while (head != null && serve(client, store, in, answers, head, name)) {
        head = HttpMessage.readHead(in);
      }
    } catch (IOException | InterruptedException e) {
      // A broken connection is what both sides are here to stand.
    } finally {
      open.remove(client);
    }
  }

  /** False if the connection is to end. */
  private boolean serve(
      Socket client, Socket store, InputStream in, InputStream answers, byte[] head, String name)
      throws IOException, InterruptedException {
    StoreCall call = call(head, name);
    Reaction reaction = fault.react(call);
    String did = reaction.getClass().getSimpleName();
    if (reaction instanceof Cut) {
      int length = Integer.parseInt("0" + HttpMessage.header(head, "content-length"));
      byte[] half = in.readNBytes(length / 2);
      store.getOutputStream().write(head);
      store.getOutputStream().write(half);
      store.getOutputStream().flush();
      client.setSoLinger(true, 0);
      log.add(call.answered(0, "", did));
      return false;
    }
    if (reaction instanceof Prevent prevent) {
      log.add(call.answered(0, "", did));
      prevent.then().run();
      return false;
    }
    HttpMessage request = HttpMessage.readRequest(head, in);
    String body = sha256(request.body());
    if (reaction instanceof Hang hang) {
      log.add(call.answered(0, body, did));
      Thread.sleep(hang.limit().toMillis());
      return false;
    }
    if (reaction instanceof Answer answer) {
      log.add(call.answered(0, body, did + " " + answer.status()));
      send(client, error(answer.status()));
      return true;
    }
    if (reaction instanceof Slow slow) {
      Thread.sleep(slow.pause().toMillis());
    }
    send(store, request);
    HttpMessage response = HttpMessage.readResponse(answers, call.method().equals("HEAD"));
    log.add(call.answered(response == null ? 0 : HttpMessage.status(response.head()), body, did));
    if (response == null) {
      return false;
    }
    if (reaction instanceof Withhold withhold) {
      withhold.then().run();
      return false;
    }
    send(client, response);
    return reaction instanceof Pass || reaction instanceof Slow;
  }

  private static void send(Socket to, HttpMessage message) throws IOException {
    OutputStream out = to.getOutputStream();
    byte[] all = new byte[message.head().length + message.body().length];
    System.arraycopy(message.head(), 0, all, 0, message.head().length);
    System.arraycopy(message.body(), 0, all, message.head().length, message.body().length);
    out.write(all);
    out.flush();
  }

  private static HttpMessage error(int status) {
    byte[] body =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>%s</Code><Message>no</Message></Error>"
            .formatted(status == 503 ? "SlowDown" : "InternalError")
            .getBytes(ISO_8859_1);
    String head =
        "HTTP/1.1 %d no\r\nContent-Type: application/xml\r\nContent-Length: %d\r\n\r\n"
            .formatted(status, body.length);
    return new HttpMessage(head.getBytes(ISO_8859_1), body);
  }

  private StoreCall call(byte[] head, String name) {
    String[] first = HttpMessage.firstLine(head);
    String path = first[1].split("\\?", 2)[0];
    // /bucket/key
    int slash = path.indexOf('/', 1);
    String key = slash < 0 ? "" : URLDecoder.decode(path.substring(slash + 1), ISO_8859_1);
    String condition = HttpMessage.header(head, "if-none-match");
    String match = HttpMessage.header(head, "if-match");
    return new StoreCall(
        log.number.incrementAndGet(),
        name,
        first[0],
        key,
        !condition.isEmpty()
            ? "If-None-Match: " + condition
            : match.isEmpty() ? "" : "If-Match: " + match,
        0,
        "",
        "");
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // gone anyway
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    disconnect();
  }
}
