package dev.mezzotint.generation;

/** Media types of the objects that a job leaves. */
final class ContentType {
  static final String JSON = "application/json";
  static final String PNG = "image/png";

  private ContentType() {}
}
