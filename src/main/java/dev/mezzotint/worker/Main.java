package dev.mezzotint.worker;

import io.quarkus.runtime.annotations.QuarkusMain;

/** Entry of the packaged application: the tool and the worker are one. */
@QuarkusMain
public final class Main {
  private Main() {}

  public static void main(String... args) {
    System.out.println("hello");
  }
}
