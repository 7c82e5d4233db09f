package dev.mezzotint.repository;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Finds commands, variables, files and classes in the documents that do not exist. */
final class Docs {
  private static final String APPLICATION = "java -jar target/quarkus-app/quarkus-run.jar";
  private static final Pattern SPAN = Pattern.compile("`([^`\n]+)`");
  private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z0-9-]*");
  private static final Pattern VARIABLE = Pattern.compile("\\b(MEZZOTINT|S3)_[A-Z0-9_]+\\b(?!\\*)");
  private static final Pattern FILE =
      Pattern.compile("\\b(recipes|k8s|docker|docs|src|models)/[\\w./-]*[\\w/]");

  /** A class by package and name, such as {@code training/recipe/Recipe}. */
  private static final Pattern CLASS = Pattern.compile("((([a-z0-9]+/)+)[A-Z]\\w+)(\\.java)?");

  /** Options of other programs in code spans that begin with none of our commands. */
  private static final Set<String> FOREIGN_OPTIONS =
      Set.of("--build", "--previous", "--from-literal", "--run", "--server-side", "--volumes");

  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)|src=\"([^\"]+)\"");
  private static final Pattern HEADING = Pattern.compile("(?m)^#{1,6} (.+)$");

  private Docs() {}

  /** README, CONTRIBUTING, SECURITY, those of two folders, and the pages directly in docs. */
  static List<Path> pages() throws IOException {
    List<Path> pages = new ArrayList<>();
    Stream.of("README.md", "CONTRIBUTING.md", "SECURITY.md", "examples/README.md", "k8s/README.md")
        .map(Path::of)
        .forEach(pages::add);
    try (Stream<Path> files = Files.list(Path.of("docs"))) {
      files.filter(file -> file.toString().endsWith(".md")).sorted().forEach(pages::add);
    }
    return pages;
  }

  /** All pages, with the decision records, reports and the cards of the bundled models. */
  static List<Path> allPages() throws IOException {
    Set<Path> pages = new TreeSet<>(pages());
    for (String folder : List.of("docs", "models")) {
      try (Stream<Path> files = Files.walk(Path.of(folder))) {
        files.filter(file -> file.toString().endsWith(".md")).forEach(pages::add);
      }
    }
    return List.copyOf(pages);
  }

  /** The arguments of our application's command lines, with continued lines joined. */
  static List<String> commands(String page) {
    List<String> commands = new ArrayList<>();
    String[] lines = page.replace("\\\n", " ").split("\n", -1);
    for (int i = 0; i < lines.length; i++) {
      int at = lines[i].indexOf(APPLICATION + " ");
      if (at < 0) {
        continue;
      }
      StringBuilder command =
          new StringBuilder(lines[i].substring(at + APPLICATION.length()).split(" #|'|`", -1)[0]);
      while (i + 1 < lines.length && lines[i + 1].startsWith("    [")) {
        command.append(' ').append(lines[++i]); // the rest of a synopsis
      }
      commands.add(command.toString().strip());
    }
    return commands;
  }

  /** Splits a command into words as a shell does; supports double quotes only. */
  static String[] words(String command) {
    return Pattern.compile("\"([^\"]*)\"|(\\S+)")
        .matcher(command)
        .results()
        .map(word -> word.group(1) != null ? word.group(1) : word.group(2))
        .toArray(String[]::new);
  }

  /** Commands and code spans of a page with unknown commands or options. */
  static List<String> unknownWords(String page, CommandLine line) {
    List<String> unknown = new ArrayList<>();
    for (String command : commands(page)) {
      if (command.contains("[")) {
        unknown.addAll(unknownOptions(command, line)); // a synopsis
        continue;
      }
      try {
        line.parseArgs(words(command));
      } catch (ParameterException e) {
        unknown.add(command + ": " + e.getMessage());
      }
    }
    Matcher span = SPAN.matcher(page);
    while (span.find()) {
      unknown.addAll(unknownOptions(span.group(1), line));
    }
    return unknown;
  }

  private static List<String> unknownOptions(String text, CommandLine line) {
    String[] words = text.strip().split("\\s+");
    CommandLine command = line;
    int depth = 0;
    while (depth < words.length && command.getSubcommands().containsKey(words[depth])) {
      command = command.getSubcommands().get(words[depth]);
      depth++;
    }
    List<String> unknown = new ArrayList<>();
    Matcher option = OPTION.matcher(text);
    while (option.find()) {
      Set<String> known = depth == 0 ? all(line) : own(command);
      boolean foreign = depth == 0 && FOREIGN_OPTIONS.contains(option.group());
      if (!known.contains(option.group()) && !foreign) {
        unknown.add(text + ": " + option.group());
      }
    }
    return unknown;
  }

  private static Set<String> own(CommandLine command) {
    Set<String> names = new TreeSet<>();
    command.getCommandSpec().options().forEach(option -> names.addAll(List.of(option.names())));
    return names;
  }

  private static Set<String> all(CommandLine line) {
    Set<String> names = new TreeSet<>(own(line));
    line.getSubcommands().values().forEach(command -> names.addAll(all(command)));
    return names;
  }

  /** Variables of a page that nothing reads. */
  static List<String> unknownVariables(String page) throws IOException {
    Set<String> named = new TreeSet<>();
    Matcher variable = VARIABLE.matcher(page);
    while (variable.find()) {
      if (!variable.group().endsWith("_")) {
        named.add(variable.group());
      }
    }
    return KnownKeys.unknown(named);
  }

  /** Files and folders of this repository that a page names and that do not exist. */
  static List<String> absentFiles(String page) {
    List<String> absent = new ArrayList<>();
    Matcher span = SPAN.matcher(page);
    List<String> texts = new ArrayList<>(commands(page));
    while (span.find()) {
      texts.add(span.group(1));
    }
    for (String text : texts) {
      Matcher file = FILE.matcher(text);
      while (file.find()) {
        boolean own = file.start() == 0 || text.charAt(file.start() - 1) == ' ';
        boolean record = file.group().matches("docs/adr/[0-9]{4}"); // cited by number
        if (own && !record && !text.contains("<") && !Files.exists(Path.of(file.group()))) {
          absent.add(file.group());
        }
      }
    }
    return absent;
  }

  /** Classes that a page names as {@code package/Class} and that do not exist. */
  static List<String> absentClasses(String page) {
    Path code = Path.of("src/main/java/dev/mezzotint");
    List<String> absent = new ArrayList<>();
    Matcher span = SPAN.matcher(page);
    while (span.find()) {
      Matcher named = CLASS.matcher(span.group(1));
      if (named.matches()
          && Files.isDirectory(code.resolve(named.group(2)))
          && !Files.exists(code.resolve(named.group(1) + ".java"))) {
        absent.add(span.group(1));
      }
    }
    return absent;
  }

  /** Links and images of a page to files or headings that do not exist. */
  static List<String> brokenLinks(Path page) throws IOException {
    List<String> broken = new ArrayList<>();
    Matcher link = LINK.matcher(Files.readString(page));
    while (link.find()) {
      String target = link.group(1) != null ? link.group(1) : link.group(2);
      if (target.matches("[a-z]+:.*")) {
        continue; // on other machines
      }
      String[] parts = target.split("#", 2);
      Path file = parts[0].isEmpty() ? page : page.resolveSibling(parts[0]).normalize();
      boolean found = Files.exists(file);
      if (found && parts.length == 2) {
        found = anchors(Files.readString(file)).contains(parts[1]);
      }
      if (!found) {
        broken.add(target);
      }
    }
    return broken;
  }

  /** The anchors that a page's headings have on GitHub and GitLab. */
  private static Set<String> anchors(String page) {
    Set<String> anchors = new TreeSet<>();
    Matcher heading = HEADING.matcher(page);
    while (heading.find()) {
      anchors.add(
          heading
              .group(1)
              .toLowerCase(Locale.ROOT)
              .replaceAll("[^\\p{L}\\p{N} _-]", "")
              .replace(' ', '-'));
    }
    return anchors;
  }

  /**
   * Messages in the first column of the tables of a page that no string of the program contains. An
   * ellipsis stands for what varies.
   */
  static List<String> unknownMessages(String page) throws IOException {
    StringBuilder program = new StringBuilder();
    try (Stream<Path> files = Files.walk(Path.of("src/main/java"))) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        program.append(Files.readString(file));
      }
    }
    String strings = program.toString().replaceAll("\"\\s*\\+\\s*\"", ""); // joins their parts
    List<String> unknown = new ArrayList<>();
    for (String row : page.lines().filter(line -> line.startsWith("| ")).toList()) {
      Matcher span = SPAN.matcher(row.split(" \\| ", 2)[0]);
      while (span.find()) {
        String message = span.group(1);
        boolean sentence = message.contains(" ") && !message.startsWith("--");
        for (String part : sentence ? message.split("…", -1) : new String[0]) {
          if (!strings.contains(part.strip())) {
            unknown.add(message);
          }
        }
      }
    }
    return unknown;
  }
}
