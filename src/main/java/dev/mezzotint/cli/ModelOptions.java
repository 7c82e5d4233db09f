package dev.mezzotint.cli;

import picocli.CommandLine.Option;

/** The options of every command that runs a network. */
public final class ModelOptions {
  @Option(
      names = "--model",
      required = true,
      paramLabel = "REF",
      description =
          "A bundled name, name@version in the store, a model or diffusers folder, or a weights"
              + " file next to its config.json.")
  public String reference = "";

  @Option(
      names = "--device",
      defaultValue = "",
      paramLabel = "cpu|cuda",
      description = "Where to run; default as configured, else cpu.")
  public String device = "";
}
