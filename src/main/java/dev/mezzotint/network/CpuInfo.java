package dev.mezzotint.network;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Processor and memory of this machine. */
public final class CpuInfo {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");
  private static final Path STATUS = Path.of("/proc/self/status");

  private CpuInfo() {}

  /** The processor's model name, or the architecture if unknown. */
  public static String name() {
    return field(CPU_INFO, "model name").orElse(System.getProperty("os.arch"));
  }

  public static boolean hasAvx512() {
    return field(CPU_INFO, "flags")
        .map(flags -> List.of(flags.split(" ")).contains("avx512f"))
        .orElse(false);
  }

  /**
   * A size in the kernel's account of this process; NaN if the system does not report it.
   *
   * @param name such as {@code VmRSS}, the resident memory, or {@code VmHWM}, its peak
   */
  public static double processBytes(String name) {
    return field(STATUS, name)
        .map(size -> 1024 * Double.parseDouble(size.replace(" kB", "")))
        .orElse(Double.NaN);
  }

  /** The first value of a field; in /proc/cpuinfo that of the first processor. */
  private static Optional<String> field(Path file, String name) {
    if (!Files.isReadable(file)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Memory of the container, or of the machine outside a container. */
  public static long memoryBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory();
  }

  /** As {@link #memoryBytes}; the file cache counts as used. */
  public static long memoryUsedBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize() - system.getFreeMemorySize()
        : Runtime.getRuntime().totalMemory();
  }
}
