package dev.mezzotint.faults;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A proxy between one worker and the broker. Knows where one Kafka request ends and the next
 * begins, and which response belongs to which, so that a single one can be lost on its way.
 */
final class BrokerTap implements AutoCloseable {
  static final short PRODUCE = 0;
  static final short SHARE_ACKNOWLEDGE = 79;

  /** One request of the worker. */
  record Request(short api, byte[] bytes) {

    /** Requests are not compressed, so that a text in a record is a text in them. */
    boolean holds(String text) {
      byte[] wanted = text.getBytes(UTF_8);
      for (int i = 0; i + wanted.length <= bytes.length; i++) {
        int j = 0;
        while (j < wanted.length && bytes[i + j] == wanted[j]) {
          j++;
        }
        if (j == wanted.length) {
          return true;
        }
      }
      return false;
    }
  }

  /** False: the message is lost, and the connection with it. */
  interface Fault {
    Fault NONE = new Fault() {};

    default boolean passes(Request request) {
      return true;
    }

    default boolean passesAnswer(Request request) {
      return true;
    }
  }

  private final ServerSocket server;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile int brokerPort;
  private volatile Fault fault = Fault.NONE;

  BrokerTap() throws IOException {
    this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
  }

  int port() {
    return server.getLocalPort();
  }

  /**
   * @param port of the broker's listener that is advertised under this tap's port
   */
  void open(int port) {
    brokerPort = port;
    StoreTap.daemon("broker-tap", this::accept);
  }

  void breaks(Fault how) {
    fault = how;
  }

  /** Without faults and connections: for another worker. */
  void reset() {
    fault = Fault.NONE;
    disconnect();
  }

  void disconnect() {
    open.forEach(BrokerTap::close);
    open.clear();
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Socket broker = new Socket();
        try {
          broker.connect(new java.net.InetSocketAddress("127.0.0.1", brokerPort), 2000);
        } catch (IOException e) {
          close(client); // as a broker that is away
          continue;
        }
        client.setTcpNoDelay(true);
        broker.setTcpNoDelay(true);
        open.add(client);
        open.add(broker);
        Map<Integer, Request> asked = new ConcurrentHashMap<>();
        StoreTap.daemon("broker-tap requests", () -> forward(client, broker, asked));
        StoreTap.daemon("broker-tap answers", () -> back(client, broker, asked));
      } catch (IOException e) {
        // closed, or a client that went away while it came
      }
    }
  }

  private void forward(Socket client, Socket broker, Map<Integer, Request> asked) {
    try (client;
        broker) {
      DataInputStream in = new DataInputStream(client.getInputStream());
      DataOutputStream out = new DataOutputStream(broker.getOutputStream());
      while (true) {
        byte[] frame = in.readNBytes(in.readInt());
        ByteBuffer head = ByteBuffer.wrap(frame);
        Request request = new Request(head.getShort(), frame);
        head.getShort(); // version
        asked.put(head.getInt(), request);
        if (!fault.passes(request)) {
          return;
        }
        send(out, frame);
      }
    } catch (IOException e) {
      // one of the two has gone
    } finally {
      open.remove(client);
      open.remove(broker);
    }
  }

  private void back(Socket client, Socket broker, Map<Integer, Request> asked) {
    try (client;
        broker) {
      DataInputStream in = new DataInputStream(broker.getInputStream());
      DataOutputStream out = new DataOutputStream(client.getOutputStream());
      while (true) {
        byte[] frame = in.readNBytes(in.readInt());
        Request request = asked.remove(ByteBuffer.wrap(frame).getInt());
        if (request != null && !fault.passesAnswer(request)) {
          return;
        }
        send(out, frame);
      }
    } catch (IOException e) {
      // one of the two has gone
    }
  }

  private static void send(DataOutputStream out, byte[] frame) throws IOException {
    byte[] all = ByteBuffer.allocate(frame.length + 4).putInt(frame.length).put(frame).array();
    out.write(all);
    out.flush();
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
