package dev.mezzotint.repository;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Parses the Dockerfile into stages and instructions, as far as the tests need it. */
final class Dockerfile {
  static final Path FILE = Path.of("docker/Dockerfile");

  private static final Pattern VARIABLE =
      Pattern.compile("([A-Za-z0-9_.]+)=(?:\"([^\"]*)\"|(\\S+))");
  private static final Pattern WORD = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"");

  /**
   * An instruction.
   *
   * @param word its keyword in upper case
   * @param rest the text after the keyword, with continued lines joined
   */
  record Instruction(String word, String rest) {}

  /**
   * A build stage.
   *
   * @param from the image or stage it is based on
   */
  record Stage(String name, String from, List<Instruction> instructions) {
    List<String> all(String word) {
      return instructions.stream()
          .filter(i -> i.word().equals(word))
          .map(Instruction::rest)
          .toList();
    }

    /** The effective instruction of this keyword, which is the last one. */
    String last(String word) {
      List<String> all = all(word);
      return all.get(all.size() - 1);
    }

    Map<String, String> variables(String word) {
      Map<String, String> variables = new LinkedHashMap<>();
      for (String line : all(word)) {
        Matcher matcher = VARIABLE.matcher(line);
        while (matcher.find()) {
          variables.put(
              matcher.group(1), matcher.group(2) == null ? matcher.group(3) : matcher.group(2));
        }
      }
      return variables;
    }

    /** The words of an instruction in exec form. */
    List<String> words(String word) {
      return Dockerfile.words(last(word));
    }
  }

  private Dockerfile() {}

  static List<Stage> stages() throws IOException {
    List<Stage> stages = new ArrayList<>();
    StringBuilder open = new StringBuilder();
    for (String line : Files.readAllLines(FILE)) {
      if (line.isBlank() || line.startsWith("#")) {
        continue;
      }
      boolean continued = line.endsWith("\\");
      open.append(continued ? line.substring(0, line.length() - 1) : line);
      if (!continued) {
        add(stages, open.toString().strip());
        open.setLength(0);
      }
    }
    return stages;
  }

  static Stage stage(String name) throws IOException {
    return stages().stream().filter(stage -> stage.name().equals(name)).findFirst().orElseThrow();
  }

  static List<String> words(String exec) {
    List<String> words = new ArrayList<>();
    Matcher matcher = WORD.matcher(exec.substring(exec.indexOf('[')));
    while (matcher.find()) {
      words.add(matcher.group(1));
    }
    return words;
  }

  private static void add(List<Stage> stages, String line) {
    String[] parts = line.split("\\s+", 2);
    String word = parts[0].toUpperCase(Locale.ROOT);
    if (word.equals("FROM")) {
      String[] of = parts[1].split("\\s+AS\\s+", 2);
      stages.add(new Stage(of.length > 1 ? of[1] : "", of[0], new ArrayList<>()));
    } else {
      stages.get(stages.size() - 1).instructions().add(new Instruction(word, parts[1]));
    }
  }
}
