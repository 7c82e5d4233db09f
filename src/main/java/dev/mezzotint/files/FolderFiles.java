package dev.mezzotint.files;

import dev.mezzotint.json.InvalidInputException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileSystemException;
import java.nio.file.FileSystemLoopException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;

/**
 * The files below a folder of a user. Links to files and folders are followed; one that leads back
 * to a folder above it is passed over. Hidden files and folders are left out.
 */
public final class FolderFiles {
  private static final int DEPTH_MAX = 32;

  /** Links to links can multiply folders without end. */
  private static final int FOLDERS_MAX = 50_000;

  private FolderFiles() {}

  /**
   * The names of all files, '/' between the parts of a path, in no particular order. A link to a
   * file that does not exist is a name too, which {@link #open} refuses.
   *
   * @throws InvalidInputException if there are too many files, or a folder cannot be read, or names
   *     that this process cannot express
   */
  public static List<String> names(Path root, int filesMax) throws IOException {
    List<String> names = new ArrayList<>();
    Files.walkFileTree(
        root,
        EnumSet.of(FileVisitOption.FOLLOW_LINKS),
        DEPTH_MAX,
        new SimpleFileVisitor<>() {
          private int folders;

          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
            if (isHidden(folder)) {
              return FileVisitResult.SKIP_SUBTREE;
            }
            if (++folders > FOLDERS_MAX) {
              throw refuse("has more than " + FOLDERS_MAX + " folders");
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            if (isHidden(file) || attributes.isOther()) {
              return FileVisitResult.CONTINUE;
            }
            if (attributes.isDirectory()) {
              throw refuse("has more than " + DEPTH_MAX + " folders in each other: " + file);
            }
            String name = root.relativize(file).toString();
            if (FileNames.localeProblem().isPresent()) {
              FileNames.problem(name)
                  .ifPresent(
                      problem -> {
                        throw refuse("cannot be read: " + problem);
                      });
            }
            names.add(name.replace(root.getFileSystem().getSeparator(), "/"));
            if (names.size() > filesMax) {
              throw refuse("has more than " + filesMax + " files");
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) {
            if (e instanceof FileSystemLoopException || isHidden(file)) {
              return FileVisitResult.CONTINUE;
            }
            throw refuse("cannot be read: " + FileErrors.describe(e));
          }

          /** Also the folder that every ext4 volume has for its administrator. */
          private boolean isHidden(Path file) {
            String name = String.valueOf(file.getFileName());
            return !file.equals(root) && (name.startsWith(".") || name.equals("lost+found"));
          }

          private InvalidInputException refuse(String what) {
            return new InvalidInputException(root.toString(), root + " " + what);
          }
        });
    return names;
  }

  /**
   * Opens a file by its name.
   *
   * @throws IOException whose message is a predicate for the file's name
   */
  public static InputStream open(Path root, String name) throws IOException {
    try {
      Path file = root.resolve(name);
      try {
        return Files.newInputStream(file);
      } catch (NoSuchFileException e) {
        if (Files.isSymbolicLink(file)) {
          throw new IOException(
              "is a link to " + Files.readSymbolicLink(file) + ", which does not exist", e);
        }
        throw e;
      }
    } catch (FileSystemException | InvalidPathException e) {
      throw new IOException("cannot be read: " + FileErrors.reason(e), e);
    }
  }
}
