package dev.mezzotint.generation.request;

import dev.mezzotint.json.InvalidInputException;

/**
 * The part of the contract that this version of the worker carries out. What it cannot do it
 * refuses by name: a field that is read and then ignored would give a wrong picture without a word.
 */
public final class SupportedOutput {
  private SupportedOutput() {}

  /** Throws {@link InvalidInputException} for the first field that asks for too much. */
  public static void check(GenerationRequest request) {
    refuseIf(!request.output().format().equals("png"), "output.format", " other than png");
  }

  private static void refuseIf(boolean asked, String field, String qualifier) {
    if (asked) {
      throw new InvalidInputException(
          field, field + qualifier + " is not supported by this worker version");
    }
  }
}
