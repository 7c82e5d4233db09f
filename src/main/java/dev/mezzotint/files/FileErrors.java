package dev.mezzotint.files;

import java.io.EOFException;
import java.io.FileNotFoundException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Reasons of failed file operations, in words. The message of {@code java.nio}'s exceptions is
 * often the path alone.
 */
public final class FileErrors {
  private FileErrors() {}

  /** Why an operation failed, without the file's name, such as {@code permission denied}. */
  public static String reason(Throwable e) {
    Throwable cause = ownCause(e);
    if (cause instanceof FileSystemException failure) {
      return words(failure);
    }
    if (cause instanceof InvalidPathException refusal) {
      return FileNames.problem(refusal.getInput())
          .orElseGet(() -> "a file name is not valid: " + refusal.getReason());
    }
    String message = cause.getMessage();
    if (cause instanceof FileNotFoundException && message != null && message.endsWith(")")) {
      return lowerFirst(message.substring(message.lastIndexOf('(') + 1, message.length() - 1));
    }
    if (message == null) {
      return cause instanceof EOFException ? "it ends too early" : cause.getClass().getSimpleName();
    }
    return message;
  }

  /** The reason and the file that it is about: {@code permission denied: /data/images}. */
  public static String describe(Throwable e) {
    Throwable failed = ownCause(e);
    if (failed instanceof FileSystemException failure && failure.getFile() != null) {
      return reason(failed) + ": " + failure.getFile();
    }
    String reason = reason(failed);
    Throwable cause = failed.getCause();
    return failed instanceof UncheckedIOException
            && cause != null
            && !reason.contains(reason(cause))
        ? reason + ": " + describe(cause)
        : reason;
  }

  /** The cause of a wrapper that adds no words of its own. */
  private static Throwable ownCause(Throwable e) {
    Throwable cause = e.getCause();
    return e instanceof UncheckedIOException
            && cause != null
            && cause.toString().equals(e.getMessage())
        ? cause
        : e;
  }

  private static String words(FileSystemException e) {
    if (e instanceof AccessDeniedException) {
      return "permission denied";
    }
    if (e instanceof NoSuchFileException) {
      return FileNames.problem(e.getFile()).orElse("no such file or folder");
    }
    if (e instanceof FileAlreadyExistsException) {
      return "a file of this name exists already";
    }
    if (e instanceof NotDirectoryException) {
      return "not a folder";
    }
    if (e instanceof DirectoryNotEmptyException) {
      return "the folder is not empty";
    }
    if (e instanceof FileSystemLoopException) {
      return "the link leads back to itself";
    }
    @Nullable String reason = e.getReason();
    return reason == null ? e.getClass().getSimpleName() : lowerFirst(reason);
  }

  /** The system's words begin with a capital letter. */
  private static String lowerFirst(String text) {
    return text.isEmpty()
        ? text
        : text.substring(0, 1).toLowerCase(Locale.ROOT) + text.substring(1);
  }
}
