package dev.mezzotint;

import dev.mezzotint.bench.AutoscalerBench;
import dev.mezzotint.bench.BenchCommand;
import dev.mezzotint.bench.LatencyBench;
import dev.mezzotint.bench.ObservabilityBench;
import dev.mezzotint.bench.QueueBench;
import dev.mezzotint.bench.SamplerBench;
import dev.mezzotint.bench.TrainingBench;
import dev.mezzotint.cli.CommandContext;
import dev.mezzotint.cli.CompletionCommand;
import dev.mezzotint.cli.DatasetsCheck;
import dev.mezzotint.cli.DatasetsCommand;
import dev.mezzotint.cli.EvaluateCommand;
import dev.mezzotint.cli.EvaluateOnceCommand;
import dev.mezzotint.cli.ExportCommand;
import dev.mezzotint.cli.GenerateCommand;
import dev.mezzotint.cli.HelpCommand;
import dev.mezzotint.cli.ImportCommand;
import dev.mezzotint.cli.ModelsCommand;
import dev.mezzotint.cli.TrainCommand;
import dev.mezzotint.cli.TuneScheduleCommand;
import dev.mezzotint.cli.jobs.CancelCommand;
import dev.mezzotint.cli.jobs.JobsCommand;
import dev.mezzotint.cli.jobs.PauseCommand;
import dev.mezzotint.cli.jobs.PutCommand;
import dev.mezzotint.cli.jobs.ReplayCommand;
import dev.mezzotint.cli.jobs.SubmitCommand;
import dev.mezzotint.cli.jobs.WatchCommand;
import dev.mezzotint.files.FileErrors;
import dev.mezzotint.files.FileNames;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.Suggestions;
import dev.mezzotint.study.StudyCommand;
import dev.mezzotint.worker.DemoCommand;
import dev.mezzotint.worker.InstalledContext;
import dev.mezzotint.worker.WorkerCommand;
import io.quarkus.runtime.annotations.QuarkusMain;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.RunLast;

/**
 * Entry point of the packaged application and root of its command line: {@code java -jar
 * quarkus-run.jar COMMAND}. Without a command it prints its help. An error is one line on standard
 * error; exit code 2 means that the request or its files are invalid, 1 that the work failed.
 */
@QuarkusMain
@Command(
    name = "mezzotint",
    description = "Iterative α-(de)Blending as a message-driven batch worker.",
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "",
      "Begin with:",
      "  generate --model avatars-64 --count 16 --out images",
      "  worker",
      "  help submit"
    })
public final class Mezzotint {
  private static final int FAILED = 1;
  private static final int INVALID = 2;

  /** Former names of options, which still work but are not shown. */
  private static final Map<String, Map<String, String>> FORMER_NAMES =
      Map.of(
          "import", Map.of("--to", "--out"),
          "export", Map.of("--to", "--out"),
          "models pull", Map.of("--to", "--out"),
          "jobs list", Map.of("--count", "--limit"));

  private Mezzotint() {}

  public static void main(String... args) {
    Locale.setDefault(Locale.ROOT); // libraries write numbers too, in names, logs and programs
    findHome();
    System.exit(run(new InstalledContext(), args));
  }

  /**
   * Runs a command line.
   *
   * @return the exit code
   */
  public static int run(CommandContext context, String... args) {
    try {
      CommandLine line = commandLine(context);
      return line.execute(withCurrentNames(line, args));
    } catch (OutOfMemoryError e) { // picocli handles exceptions only
      System.err.println(
          "error: out of memory (" + oneLine(e) + "); raise the heap limit with java -Xmx");
      return FAILED;
    }
  }

  private static String[] withCurrentNames(CommandLine root, String... args) {
    CommandLine line = root;
    List<String> command = new ArrayList<>();
    for (String word : args) {
      CommandLine next = line.getSubcommands().get(word);
      if (next == null) {
        break;
      }
      line = next;
      command.add(word);
    }
    Map<String, String> former = FORMER_NAMES.getOrDefault(String.join(" ", command), Map.of());
    return Stream.of(args)
        .map(
            word -> {
              String name = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
              return former.getOrDefault(name, name) + word.substring(name.length());
            })
        .toArray(String[]::new);
  }

  public static CommandLine commandLine(CommandContext context) {
    CommandLine line =
        group(
            new Mezzotint(),
            new GenerateCommand(context),
            new EvaluateCommand(context),
            new EvaluateOnceCommand(context),
            new TrainCommand(context),
            new TuneScheduleCommand(context),
            new StudyCommand(context),
            new ImportCommand(),
            new ExportCommand(context),
            new PutCommand(context),
            new SubmitCommand(context),
            new WatchCommand(context),
            new CancelCommand(context),
            PauseCommand.pause(context),
            PauseCommand.resume(context),
            new ReplayCommand(context),
            new JobsCommand(context),
            group(new DatasetsCommand(), new DatasetsCheck()),
            new ModelsCommand(context),
            group(
                new BenchCommand(),
                new SamplerBench(context),
                new TrainingBench(context),
                new QueueBench(InstalledContext::settings),
                new LatencyBench(InstalledContext::settings),
                new ObservabilityBench(InstalledContext::settings),
                new AutoscalerBench()),
            new WorkerCommand(InstalledContext::settings),
            new DemoCommand(InstalledContext::settings),
            new CompletionCommand(),
            new HelpCommand());
    line.addSubcommand("version", versionCommand());
    addHelp(line);
    return line.setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setExecutionStrategy(Mezzotint::execute)
        .setParameterExceptionHandler(Mezzotint::refuse)
        .setExecutionExceptionHandler((e, command, parsed) -> report(e, parsed.originalArgs()));
  }

  private static CommandLine group(Object command, Object... subcommands) {
    CommandLine line = new CommandLine(command);
    for (Object subcommand : subcommands) {
      line.addSubcommand(subcommand);
    }
    return line;
  }

  private static void addHelp(CommandLine line) {
    line.getCommandSpec()
        .mixinStandardHelpOptions(true)
        .versionProvider(() -> new String[] {version()});
    line.getSubcommands().values().forEach(Mezzotint::addHelp);
  }

  private static CommandLine versionCommand() {
    Runnable print = () -> System.out.println(version());
    CommandSpec spec = CommandSpec.wrapWithoutInspection(print);
    spec.usageMessage()
        .description("Show the versions of this software, of Java, libtorch and ONNX Runtime.");
    return new CommandLine(spec);
  }

  private static String version() {
    Properties build = new Properties();
    try (InputStream in = Mezzotint.class.getResourceAsStream("/build.properties")) {
      build.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    String commit = build.getProperty("commit", "");
    return "mezzotint "
        + build.getProperty("version")
        + (commit.isEmpty() ? "" : " (" + commit + ")")
        + ", Java "
        + System.getProperty("java.version")
        + ", libtorch "
        + build.getProperty("libtorch")
        + ", ONNX Runtime "
        + build.getProperty("onnxruntime");
  }

  /** A group of commands without one of them shows its help. */
  private static int execute(ParseResult parsed) {
    ParseResult last = parsed;
    while (last.hasSubcommand()) {
      last = last.subcommand();
    }
    CommandSpec spec = last.commandSpec();
    boolean runs = spec.userObject() instanceof Runnable || spec.userObject() instanceof Callable;
    boolean group = !spec.subcommands().isEmpty() && !runs;
    if (group && !last.isVersionHelpRequested()) {
      spec.commandLine().usage(System.out);
      return 0;
    }
    return new RunLast().execute(parsed);
  }

  /** Without a home in the list of users, libraries would write to a folder called "?". */
  private static void findHome() {
    String home = System.getenv("HOME");
    if (System.getProperty("user.home", "?").equals("?")) {
      if (home != null && Path.of(home).isAbsolute()) {
        System.setProperty("user.home", home);
      } else {
        System.setProperty("jna.tmpdir", System.getProperty("java.io.tmpdir"));
      }
    }
  }

  private static int refuse(ParameterException e, String[] args) {
    CommandLine line = e.getCommandLine();
    // An unknown word is more often the cause than the option that then seems to be missing.
    List<String> unknown =
        line.getUnmatchedArguments().stream().filter(word -> !word.isBlank()).toList();
    String reason = unknown.isEmpty() ? oneLine(e) : unknown(line.getCommandSpec(), unknown.get(0));
    System.err.println(reason + localeHint(reason, List.of(args)) + " (see --help)");
    return INVALID;
  }

  private static String unknown(CommandSpec spec, String word) {
    if (word.startsWith("-")) {
      String name = word.contains("=") ? word.substring(0, word.indexOf('=')) : word;
      return "unknown option " + name + Suggestions.question(name, visibleOptions(spec));
    }
    return spec.subcommands().isEmpty()
        ? "unknown argument " + word
        : "unknown command " + word + Suggestions.question(word, spec.subcommands().keySet());
  }

  private static List<String> visibleOptions(CommandSpec spec) {
    return spec.options().stream()
        .filter(option -> !option.hidden())
        .flatMap(option -> Stream.of(option.names()))
        .toList();
  }

  private static int report(Exception e, List<String> args) {
    String line = oneLine(e);
    System.err.println("error: " + line + localeHint(line, args));
    if (Boolean.getBoolean("mezzotint.stacktrace")) {
      e.printStackTrace();
    }
    return e instanceof InvalidInputException ? INVALID : FAILED;
  }

  /** What to set if an argument was not decoded: its bytes are characters without a meaning. */
  private static String localeHint(String line, List<String> args) {
    boolean garbled = args.stream().anyMatch(word -> word.chars().anyMatch(c -> c >= 0x80));
    return FileNames.localeProblem()
        .filter(problem -> garbled && !line.contains(problem))
        .map(problem -> "; " + problem)
        .orElse("");
  }

  private static String oneLine(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof InvalidPathException) {
        return FileErrors.reason(cause);
      }
    }
    String message = e.getMessage() == null ? e.toString() : FileErrors.describe(e);
    return message.lines().filter(line -> !line.isBlank()).findFirst().orElse(e.toString());
  }
}
