package dev.mezzotint.torch;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The machine's own processor and memory, as far as they can be asked. */
final class CpuInfo {
  private static final Path CPU_INFO = Path.of("/proc/cpuinfo");

  private CpuInfo() {}

  /** The model's name, or the architecture where none is told. */
  static String name() {
    return cpuInfoField("model name").orElse(System.getProperty("os.arch"));
  }

  static boolean hasAvx512() {
    return cpuInfoField("flags")
        .map(flags -> List.of(flags.split(" ")).contains("avx512f"))
        .orElse(false);
  }

  /** What Linux tells of the first processor under this word. */
  private static Optional<String> cpuInfoField(String word) {
    if (!Files.isReadable(CPU_INFO)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(CPU_INFO)) {
      return lines
          .filter(line -> line.startsWith(word))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** Of the container where there is one. */
  static long memoryBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory();
  }

  /** Of the container where there is one; what the system keeps of files counts as used. */
  static long memoryUsedBytes() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize() - system.getFreeMemorySize()
        : Runtime.getRuntime().totalMemory();
  }
}
