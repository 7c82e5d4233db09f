package dev.mezzotint;

import dev.mezzotint.bench.BenchCommand;
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
import dev.mezzotint.cli.ImportCommand;
import dev.mezzotint.cli.ModelsCommand;
import dev.mezzotint.cli.TrainCommand;
import dev.mezzotint.cli.TuneScheduleCommand;
import dev.mezzotint.cli.jobs.CancelCommand;
import dev.mezzotint.cli.jobs.JobsCommand;
import dev.mezzotint.cli.jobs.PauseCommand;
import dev.mezzotint.cli.jobs.PutCommand;
import dev.mezzotint.cli.jobs.ReplayCommand;
import dev.mezzotint.cli.jobs.ResumeCommand;
import dev.mezzotint.cli.jobs.SubmitCommand;
import dev.mezzotint.cli.jobs.WatchCommand;
import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.study.StudyCommand;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command line: {@code java -jar quarkus-run.jar COMMAND}. Errors are one line on standard
 * error; exit code 2 says that the request or its files are wrong, 1 that the work failed.
 */
@Command(
    name = "mezzotint",
    description = "Iterative α-(de)Blending as a message-driven batch worker.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND")
public final class Mezzotint {
  private static final int FAILED = 1;
  private static final int WRONG = 2;

  private Mezzotint() {}

  /**
   * Runs a command line.
   *
   * @param others commands that are wired elsewhere
   * @param benches subcommands of {@code bench} that are wired elsewhere
   * @return the exit code
   */
  public static int run(
      CommandContext surroundings,
      List<Callable<Integer>> others,
      List<Callable<Integer>> benches,
      String... args) {
    return executed(line(surroundings, others, benches), args);
  }

  /** All commands, as {@link #run} knows them. */
  public static CommandLine line(
      CommandContext surroundings,
      List<Callable<Integer>> others,
      List<Callable<Integer>> benches) {
    CommandLine bench =
        new CommandLine(new BenchCommand())
            .addSubcommand(new SamplerBench(surroundings))
            .addSubcommand(new TrainingBench(surroundings));
    benches.forEach(bench::addSubcommand);
    bench.getSubcommands().values().forEach(c -> c.getCommandSpec().mixinStandardHelpOptions(true));
    CommandLine datasets =
        new CommandLine(new DatasetsCommand()).addSubcommand(new DatasetsCheck());
    datasets
        .getSubcommands()
        .values()
        .forEach(c -> c.getCommandSpec().mixinStandardHelpOptions(true));
    CommandLine jobs = new CommandLine(new JobsCommand(surroundings));
    CommandLine line =
        new CommandLine(new Mezzotint())
            .addSubcommand(new GenerateCommand(surroundings))
            .addSubcommand(new EvaluateCommand(surroundings))
            .addSubcommand(new EvaluateOnceCommand(surroundings))
            .addSubcommand(new TrainCommand(surroundings))
            .addSubcommand(new TuneScheduleCommand(surroundings))
            .addSubcommand(new StudyCommand(surroundings))
            .addSubcommand(new ImportCommand())
            .addSubcommand(new ExportCommand(surroundings))
            .addSubcommand(new PutCommand(surroundings))
            .addSubcommand(new SubmitCommand(surroundings))
            .addSubcommand(new WatchCommand(surroundings))
            .addSubcommand(new CancelCommand(surroundings))
            .addSubcommand(new PauseCommand(surroundings))
            .addSubcommand(new ResumeCommand(surroundings))
            .addSubcommand(new ReplayCommand(surroundings))
            .addSubcommand(jobs)
            .addSubcommand(datasets)
            .addSubcommand(new ModelsCommand(surroundings))
            .addSubcommand(bench)
            .addSubcommand(new CompletionCommand())
            .setParameterExceptionHandler(Mezzotint::refuse)
            .setExecutionExceptionHandler((e, command, parsed) -> report(e));
    others.forEach(line::addSubcommand);
    line.setCaseInsensitiveEnumValuesAllowed(true);
    line.getSubcommands().values().forEach(c -> c.getCommandSpec().mixinStandardHelpOptions(true));
    return line;
  }

  /** As the line itself, but for the one error that is the machine's and not ours. */
  public static int executed(CommandLine line, String... args) {
    try {
      return line.execute(args);
    } catch (OutOfMemoryError e) {
      System.err.println(
          "error: out of memory (" + oneLine(e) + "); java -Xmx with a larger heap gives more");
      return FAILED;
    }
  }

  private static int refuse(ParameterException e, String[] args) {
    // A word that is not understood is more often the reason than what then seems to be missing.
    List<String> unknown = e.getCommandLine().getUnmatchedArguments();
    boolean hidden = !unknown.isEmpty() && !(e instanceof UnmatchedArgumentException);
    String also = hidden ? "; not understood: " + String.join(" ", unknown) : "";
    System.err.println(oneLine(e) + also + " (see --help)");
    return WRONG;
  }

  private static int report(Exception e) {
    System.err.println("error: " + oneLine(e));
    if (Boolean.getBoolean("mezzotint.stacktrace")) {
      e.printStackTrace();
    }
    return e instanceof InvalidInputException ? WRONG : FAILED;
  }

  private static String oneLine(Throwable e) {
    String message = e.getMessage();
    if (message == null) {
      return e.toString();
    }
    return message.lines().filter(line -> !line.isBlank()).findFirst().orElse(e.toString());
  }
}
