package dev.mezzotint.study;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The result of a study.
 *
 * @param name of the study, and of its files
 * @param lines a table for people
 * @param files name → content, PNG or APNG
 */
@SuppressWarnings("ArrayRecordComponent") // written once, never compared
public record StudyResult(String name, List<String> lines, Map<String, byte[]> files) {
  public StudyResult {
    lines = List.copyOf(lines);
    files = new LinkedHashMap<>(files);
  }
}
