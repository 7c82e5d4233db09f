package dev.mezzotint.s3;

import dev.mezzotint.storage.StorageException;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.InvalidResponseException;
import io.minio.errors.ServerException;
import java.io.IOException;
import java.security.cert.CertificateException;
import java.util.Set;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Classifies failed calls: absent, condition not met, or a failure with a message for users. */
final class S3Errors {
  private static final Set<String> CREDENTIALS =
      Set.of("InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken");

  private final S3Settings settings;

  S3Errors(S3Settings settings) {
    this.settings = settings;
  }

  /** Whether the object is absent; a missing bucket is a failure instead. */
  static boolean absent(Exception e) {
    return e instanceof ErrorResponseException answer
        && status(answer) == 404
        && !code(answer).equals("NoSuchBucket");
  }

  /** Whether the condition of a write was not met. */
  static boolean conditionFailed(Exception e) {
    return e instanceof ErrorResponseException answer
        && (status(answer) == 412 || code(answer).equals("PreconditionFailed"));
  }

  /** Whether the store does not support the condition of the request. */
  static boolean notImplemented(@Nullable Throwable e) {
    return e instanceof ErrorResponseException answer
        && (status(answer) == 501 || code(answer).equals("NotImplemented"));
  }

  static int status(ErrorResponseException answer) {
    return answer.response() == null ? 0 : answer.response().code();
  }

  static String code(ErrorResponseException answer) {
    String code = answer.errorResponse() == null ? null : answer.errorResponse().code();
    return code == null ? "" : code;
  }

  /** The failure with a message; throws an {@link IllegalArgumentException} unchanged. */
  StorageException failure(String what, Exception thrown) {
    if (thrown instanceof IllegalArgumentException mistake) {
      throw mistake;
    }
    Throwable cause = unwrap(thrown);
    String where = "object store " + settings.endpoint() + ": " + what + " failed: ";
    if (cause instanceof ErrorResponseException answer) {
      return new StorageException(where + describe(answer), cause);
    }
    if (cause instanceof ServerException || cause instanceof InvalidResponseException) {
      return new StorageException(where + "it answered with an error: " + firstLine(cause), cause);
    }
    if (cause instanceof SSLException || cause instanceof CertificateException) {
      return new StorageException(
          where
              + "no trusted connection ("
              + firstLine(cause)
              + "); SSL_CERT_FILE names the certificates to trust",
          cause);
    }
    if (cause instanceof IOException) {
      return new StorageException(where + "no answer (" + firstLine(cause) + ")", cause);
    }
    return new StorageException(where + firstLine(cause), cause);
  }

  private String describe(ErrorResponseException answer) {
    String code = code(answer);
    if (CREDENTIALS.contains(code)) {
      return "it refuses the credentials (" + code + "); check S3_ACCESS_KEY and S3_SECRET_KEY";
    }
    if (code.equals("NoSuchBucket")) {
      return "bucket " + settings.bucket() + " does not exist";
    }
    if (status(answer) == 403) {
      return "access to bucket "
          + settings.bucket()
          + " is denied ("
          + code
          + "); the credentials need read, write, list and delete on it";
    }
    return "it answered " + status(answer) + " " + code;
  }

  /** The failure of the store or network, which the MinIO client wraps more than once. */
  private static Throwable unwrap(Throwable thrown) {
    for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
      if (cause instanceof ErrorResponseException
          || cause instanceof ServerException
          || cause instanceof InvalidResponseException
          || cause instanceof CertificateException
          || cause instanceof IOException) {
        return cause;
      }
    }
    return thrown;
  }

  private static String firstLine(Throwable cause) {
    String message = cause.getMessage() == null ? "" : cause.getMessage();
    return message.lines().findFirst().orElse(cause.getClass().getSimpleName());
  }
}
