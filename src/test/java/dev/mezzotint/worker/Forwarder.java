package dev.mezzotint.worker;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A second port of a server on this machine, opened when a test wants it there. */
public final class Forwarder implements AutoCloseable {
  private final ServerSocket server;
  private final int target;
  private final List<Socket> open = new CopyOnWriteArrayList<>();

  public Forwarder(int port, int target) throws IOException {
    this(InetAddress.getLoopbackAddress(), port, target);
  }

  /**
   * @param port 0 for any free port
   */
  public Forwarder(InetAddress at, int port, int target) throws IOException {
    this.server = new ServerSocket(port, 50, at);
    this.target = target;
    begin(this::accept);
  }

  public int port() {
    return server.getLocalPort();
  }

  /** What a thread of a connection does. */
  interface Work {
    void run() throws IOException;
  }

  /** Begins a thread that ends with its connection. */
  static void begin(Work work) {
    Thread thread =
        new Thread(
            () -> {
              try {
                work.run();
              } catch (IOException e) {
                // One side has gone, and so goes the other.
              }
            },
            "forwarder");
    thread.setDaemon(true);
    thread.start();
  }

  private void accept() throws IOException {
    while (true) {
      Socket near = server.accept();
      Socket far = new Socket(InetAddress.getLoopbackAddress(), target);
      open.addAll(List.of(near, far));
      begin(() -> copy(near, far));
      begin(() -> copy(far, near));
    }
  }

  /** Copies until a side closes, then closes both. */
  static void copy(Socket from, Socket to) throws IOException {
    try (from;
        to) {
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      byte[] some = new byte[8192];
      for (int n = in.read(some); n >= 0; n = in.read(some)) {
        out.write(some, 0, n);
        out.flush();
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : open) {
      socket.close();
    }
  }
}
