package dev.mezzotint.job;

import java.util.concurrent.ThreadFactory;

/** Creates threads of one name that do not keep the process alive. */
public record DaemonThreads(String name) implements ThreadFactory {
  @Override
  public Thread newThread(Runnable work) {
    Thread thread = new Thread(work, name);
    thread.setDaemon(true);
    return thread;
  }
}
