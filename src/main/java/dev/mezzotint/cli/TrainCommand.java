package dev.mezzotint.cli;

import dev.mezzotint.dataset.ImageDataset;
import dev.mezzotint.json.JsonObject;
import dev.mezzotint.training.Recipe;
import dev.mezzotint.training.Training;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code train}: the trainer in this process, from a recipe and a data set to a model folder. */
@Command(
    name = "train",
    description = "Train a model from a recipe and a data set, in this process.",
    footer = {
      "",
      "Example:",
      "  train recipes/avatars-32.json --data avatars-64.zip --out my-model"
    })
final class TrainCommand implements Callable<Integer> {
  @Parameters(index = "0", paramLabel = "RECIPE.json", description = "What and how to train.")
  private Path recipe = Path.of("");

  @Option(
      names = "--data",
      required = true,
      paramLabel = "PATH",
      description = "Folder or zip of PNG or JPEG pictures.")
  private Path data = Path.of("");

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Becomes the model's folder.")
  private Path out = Path.of("");

  @Option(names = "--resume", description = "Go on where the folder's checkpoint stands.")
  private boolean resume;

  @Option(
      names = "--device",
      defaultValue = "",
      description = "cpu, cuda or cuda:N; default as configured, cpu if nothing is.")
  private String device = "";

  private final Surroundings surroundings;

  TrainCommand(Surroundings surroundings) {
    this.surroundings = surroundings;
  }

  @Override
  public Integer call() throws IOException, InterruptedException {
    Recipe read = Recipe.parse(JsonObject.parse(SmallFile.read(recipe)));
    Destination.folder("--out", out);
    try (ImageDataset pictures = Datasets.open(data, read.data(), read.network().outChannels())) {
      return train(read, pictures);
    }
  }

  private int train(Recipe read, ImageDataset pictures) throws InterruptedException {
    AtomicBoolean stopping = new AtomicBoolean();
    CountDownLatch ended = new CountDownLatch(1);
    Thread onSignal = new Thread(() -> stop(stopping, ended), "training-stop");
    Runtime.getRuntime().addShutdownHook(onSignal);
    try {
      long done;
      try (ProgressLine line =
          new ProgressLine(
              "training", read.iterations(), read.batchSize(), Datasets.describe(data, pictures))) {
        Training training = new Training(read, pictures, surroundings.device(device), out);
        done = training.run(resume, stopping::get, line);
      }
      System.err.println(
          done < read.iterations()
              ? "stopped after step " + done + "; go on with --resume"
              : "trained " + done + " steps: " + out);
      return 0;
    } finally {
      ended.countDown();
      forget(onSignal);
    }
  }

  private static void forget(Thread onSignal) {
    try {
      Runtime.getRuntime().removeShutdownHook(onSignal);
    } catch (IllegalStateException e) {
      // the JVM is going down, and the hook with it
    }
  }

  /** SIGTERM and Ctrl-C: the step in hand ends and a checkpoint is written before the JVM goes. */
  private static void stop(AtomicBoolean stopping, CountDownLatch ended) {
    stopping.set(true);
    try {
      ended.await(25, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
