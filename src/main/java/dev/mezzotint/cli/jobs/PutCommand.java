package dev.mezzotint.cli.jobs;

import static dev.mezzotint.json.InvalidInputException.refuseIf;

import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.JsonOption;
import dev.mezzotint.files.FolderFiles;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.storage.Keys;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** {@code put}: brings what requests name into the store, for those without a client of its own. */
@Command(
    name = "put",
    description = "Copy a file or a folder into the store, for requests to name it.",
    footer = {
      "",
      "A folder becomes a zip, or objects under a prefix. Existing objects are replaced.",
      "",
      "Examples:",
      "  put map.png inputs/map.png",
      "  put docs/examples/lap clips/lap.zip",
      "  put my-images datasets/mine/"
    })
public final class PutCommand implements Callable<Integer> {
  private static final String KEY = "KEY";

  /** The limit for data sets of objects. */
  private static final int FILES_MAX = 200_000;

  @Parameters(index = "0", paramLabel = "PATH", description = "The file or folder to copy.")
  private Path path = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = KEY,
      description =
          "Key of the new object; for a folder it must end in .zip, or in / for one object per"
              + " file.")
  private String key = "";

  @Mixin private JsonOption json = new JsonOption();

  private final CommandContext context;

  public PutCommand(CommandContext context) {
    this.context = context;
  }

  @Override
  public Integer call() throws IOException {
    check();
    Map<String, Path> files = files();
    if (key.endsWith(".zip") && Files.isDirectory(path)) {
      Path zip = Files.createTempFile("mezzotint-put", ".zip");
      try {
        zip(files, zip);
        context.objects().upload(Map.of(key, zip));
      } finally {
        Files.deleteIfExists(zip);
      }
    } else {
      Map<String, Path> objects = new TreeMap<>();
      files.forEach((name, file) -> objects.put(key + name, file));
      context.objects().upload(objects);
    }
    json.status(
        "put %s: %s %s".formatted(key, files.size(), files.size() == 1 ? "file" : "files"),
        Map.of("key", key, "files", files.size()));
    return 0;
  }

  private void check() {
    refuseIf(!Keys.isValidKey(key), KEY, "%s, not %s", Keys.KEY_RULE, key);
    if (key.startsWith(Keys.JOBS) || key.startsWith(Keys.MODELS)) {
      throw new InvalidInputException(
          KEY, KEY + " must not begin with jobs/ or models/, where results are kept");
    }
    if (!Files.exists(path)) {
      throw new InvalidInputException("PATH", "there is no file or folder " + path);
    }
    boolean folder = Files.isDirectory(path);
    if (folder && !key.endsWith(".zip") && !key.endsWith("/")) {
      throw new InvalidInputException(
          KEY,
          path + " is a folder: " + KEY + " must end in .zip, or in / for one object per file");
    }
    if (!folder && key.endsWith("/")) {
      throw new InvalidInputException(KEY, path + " is a file: " + KEY + " must not end in /");
    }
  }

  /** The files by name relative to the folder, sorted; the name of a single file is empty. */
  private Map<String, Path> files() throws IOException {
    if (!Files.isDirectory(path)) {
      return Map.of("", path);
    }
    Map<String, Path> files = new TreeMap<>();
    for (String name : FolderFiles.names(path, FILES_MAX)) {
      files.put(name, path.resolve(name));
    }
    if (files.isEmpty()) {
      throw new InvalidInputException(
          "PATH", path + " must contain 1 to " + FILES_MAX + " files, not counting hidden ones");
    }
    return files;
  }

  private static void zip(Map<String, Path> files, Path to) throws IOException {
    try (OutputStream out = Files.newOutputStream(to);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, Path> file : files.entrySet()) {
        zip.putNextEntry(new ZipEntry(file.getKey()));
        Files.copy(file.getValue(), zip);
        zip.closeEntry();
      }
    }
  }
}
