package dev.mezzotint.storage;

/** Media types of stored objects. */
public final class ContentType {
  public static final String JSON = "application/json";
  public static final String BINARY = "application/octet-stream";
  public static final String PNG = "image/png";

  private ContentType() {}
}
