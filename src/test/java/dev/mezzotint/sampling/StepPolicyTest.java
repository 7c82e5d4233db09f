package dev.mezzotint.sampling;

import static org.assertj.core.api.Assertions.assertThat;

import dev.mezzotint.job.Priority;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * The policy under thousands of random loads in virtual time; invariants are checked after each
 * pass.
 */
class StepPolicyTest {
  private static final int LOADS = 2_000;

  /** One random load, run to completion. */
  private static final class Load {
    final Random random;
    final StepPolicy policy = new StepPolicy();
    final Map<String, Integer> slots = new HashMap<>();
    final List<ScheduledJob> all = new ArrayList<>();
    final Set<ScheduledJob> present = new LinkedHashSet<>(); // a seed gives the same load each time
    final Set<ScheduledJob> removed = new HashSet<>();
    final Map<ScheduledJob, int[]> stages = new HashMap<>();
    final Map<ScheduledJob, Integer> finished = new HashMap<>();
    final Map<ScheduledJob, Integer> placesWithout = new HashMap<>();
    final Map<ScheduledJob, Integer> bounds = new HashMap<>();
    final Map<String, BatchCurve> curves = new HashMap<>();
    long now;
    long work;

    Load(long seed) {
      random = new Random(seed);
      int groups = 1 + random.nextInt(3);
      for (int g = 0; g < groups; g++) {
        int largest = 1 + random.nextInt(16);
        String group = "g" + g;
        slots.put(group, largest + random.nextInt(40));
        curves.put(group, curve(largest));
        policy.open(group, slots.get(group), curves.get(group));
      }
    }

    /** From flat (a row costs the same in any pass) to free (a pass costs the same at any size). */
    private BatchCurve curve(int largest) {
      int[] sizes = BatchCurve.sizes(largest);
      if (random.nextInt(4) == 0) {
        return BatchCurve.unmeasured(largest);
      }
      long fixed = random.nextInt(1_000);
      long each = random.nextInt(300);
      long[] nanos = new long[sizes.length];
      for (int i = 0; i < sizes.length; i++) {
        nanos[i] = 1 + fixed + each * sizes[i];
      }
      return new BatchCurve(sizes, nanos);
    }

    void arrive() {
      ScheduledJob ticket =
          new ScheduledJob(
              "g" + random.nextInt(slots.size()),
              "t" + random.nextInt(3),
              Priority.values()[random.nextInt(3)],
              random.nextInt(5) == 0 ? 1 + random.nextInt(60) : 1 + random.nextInt(4),
              1 + random.nextInt(12),
              now,
              random.nextInt(6) == 0 ? now + random.nextInt(50_000) : ScheduledJob.NEVER);
      all.add(ticket);
      present.add(ticket);
      stages.put(ticket, new int[ticket.rows]);
      finished.put(ticket, 0);
      placesWithout.put(ticket, 0);
      policy.add(ticket);
    }

    void turn() {
      dismiss();
      Pass pass = policy.next();
      if (pass == null) {
        assertThat(present).as("work conserving: no job waits while nothing runs").isEmpty();
        return;
      }
      checkPass(pass);
      if (random.nextInt(40) == 0 && policy.shrink(pass)) {
        return; // memory ran out; no row has moved
      }
      if (pass.rows().isEmpty()) {
        throw new AssertionError("an empty pass");
      }
      long nanos = Math.max(1, curves.get(pass.group()).nanosOf(pass.size()));
      now += nanos;
      pass(pass, nanos);
    }

    private void dismiss() {
      List<ScheduledJob> late = policy.late(now);
      late.forEach(
          ticket ->
              assertThat(ticket.deadline)
                  .as("only jobs with deadlines")
                  .isNotEqualTo(ScheduledJob.NEVER));
      for (ScheduledJob ticket : present) {
        assertThat(ticket.deadline > now || late.contains(ticket)).as("late ones go").isTrue();
      }
      Set<ScheduledJob> leaving = new LinkedHashSet<>(late);
      present.stream().filter(t -> random.nextInt(300) == 0).forEach(leaving::add);
      List<ScheduledJob> gone = policy.removeIf(leaving::contains);
      assertThat(gone).containsExactlyInAnyOrderElementsOf(leaving);
      present.removeAll(leaving);
      removed.addAll(leaving);
    }

    private void checkPass(Pass pass) {
      GroupQueue group = group(pass.group());
      int largest = curves.get(pass.group()).sizes()[curves.get(pass.group()).sizes().length - 1];
      assertThat(pass.size())
          .isLessThanOrEqualTo(largest)
          .isGreaterThanOrEqualTo(pass.rows().size());
      assertThat(new HashSet<>(pass.rows())).as("no row twice").hasSameSizeAs(pass.rows());
      assertThat(group.residents()).as("memory").isLessThanOrEqualTo(slots.get(pass.group()));
      int resident =
          present.stream()
              .filter(t -> t.group.equals(pass.group()))
              .mapToInt(t -> t.resident().size())
              .sum();
      assertThat(group.residents()).as("counts").isEqualTo(resident);
      // Full: only rows beyond the pass's size are left out.
      assertThat(pass.rows().size()).isEqualTo(Math.min(pass.size(), group.available()));
      if (pass.size() > pass.rows().size()) {
        BatchCurve curve = curves.get(pass.group());
        int below = curve.below(pass.size());
        if (curve.isMeasured() && below < pass.size()) {
          double spare = (double) pass.rows().size() / curve.nanosOf(pass.size());
          double full = (double) Math.min(below, pass.rows().size()) / curve.nanosOf(below);
          assertThat(spare).as("filling up pays").isGreaterThanOrEqualTo(full);
        }
      }
      for (ScheduledJob.Row row : pass.rows()) {
        assertThat(present).contains(row.job);
        assertThat(row.stage()).isEqualTo(stages.get(row.job)[row.index]);
      }
    }

    private void pass(Pass pass, long nanos) {
      work += pass.rows().size();
      bound(pass);
      for (ScheduledJob.Row row : pass.rows()) {
        stages.get(row.job)[row.index]++;
      }
      for (ScheduledJob.Row row : policy.passed(pass, nanos)) {
        assertThat(stages.get(row.job)[row.index]).isEqualTo(row.job.stages);
        finished.merge(row.job, 1, Integer::sum);
        if (finished.get(row.job) == row.job.rows) {
          present.remove(row.job);
        }
      }
    }

    /** The oldest of each tenant and priority is served within the bound, if it holds a slot. */
    private void bound(Pass pass) {
      Set<ScheduledJob> served = new HashSet<>();
      pass.rows().forEach(row -> served.add(row.job));
      Map<String, ScheduledJob> oldestOf = new HashMap<>();
      for (ScheduledJob ticket : all) {
        if (!present.contains(ticket) || !ticket.group.equals(pass.group())) {
          continue;
        }
        String line = ticket.tenant + ticket.priority;
        boolean oldest = oldestOf.putIfAbsent(line, ticket) == null;
        if (!oldest || served.contains(ticket) || ticket.resident().isEmpty()) {
          placesWithout.put(ticket, 0);
          continue;
        }
        int places = placesWithout.merge(ticket, pass.rows().size(), Integer::sum);
        int bound = GroupQueue.placesBound(ticket.priority, 3);
        bounds.put(ticket, places);
        assertThat(places)
            .as("places that others of %s got", ticket.priority)
            .isLessThanOrEqualTo(bound + pass.size());
      }
    }

    private GroupQueue group(String key) {
      return policy.groups().stream().filter(g -> g.key.equals(key)).findFirst().orElseThrow();
    }

    void checkEnd() {
      for (ScheduledJob ticket : all) {
        if (!removed.contains(ticket)) {
          assertThat(finished.get(ticket)).as("no row is lost").isEqualTo(ticket.rows);
          assertThat(stages.get(ticket)).containsOnly(ticket.stages);
        }
      }
      policy.groups().forEach(group -> assertThat(group.isEmpty()).isTrue());
    }
  }

  @Test
  void randomLoads_loseNoRowAndStarveNoJob() {
    long rows = 0;
    int longest = 0;
    for (int seed = 0; seed < LOADS; seed++) {
      Load load = new Load(seed);
      int arrivals = 5 + load.random.nextInt(25);
      double rate = 0.02 + load.random.nextDouble();
      while (arrivals > 0 || !load.present.isEmpty()) {
        while (arrivals > 0 && (load.random.nextDouble() < rate || load.present.isEmpty())) {
          load.arrive();
          arrivals--;
        }
        load.turn();
      }
      load.checkEnd();
      rows += load.work;
      for (int places : load.bounds.values()) {
        longest = Math.max(longest, places);
      }
    }
    System.out.printf(
        "%d loads, %d row-steps; longest wait of an oldest job with a slot: %d places, bound %d%n",
        LOADS, rows, longest, GroupQueue.placesBound(Priority.LOW, 3));
    assertThat(longest).as("the bound was put to the test").isGreaterThan(10);
  }

  /** Passes until the job's last row has ended, while {@code flood} adds competing jobs. */
  private static int passesUntilDone(StepPolicy policy, ScheduledJob ticket, Runnable flood) {
    policy.add(ticket);
    int passes = 0;
    while (ticket.stagesLeft() > 0) {
      flood.run();
      policy.passed(policy.next(), 1);
      passes++;
    }
    return passes;
  }

  private static ScheduledJob ticket(
      String tenant, Priority priority, int rows, int stages, long at) {
    return new ScheduledJob("g", tenant, priority, rows, stages, at, ScheduledJob.NEVER);
  }

  @Test
  void jobOfOneImage_doesNotWaitForAJobOfTenThousand() {
    StepPolicy policy = new StepPolicy();
    policy.open("g", 32, BatchCurve.unmeasured(8));
    policy.add(ticket("a", Priority.NORMAL, 10_000, 64, 0));
    for (int i = 0; i < 100; i++) {
      policy.passed(policy.next(), 1);
    }
    assertThat(passesUntilDone(policy, ticket("a", Priority.NORMAL, 1, 16, 1), () -> {}))
        .isLessThanOrEqualTo(16 + 2);
    assertThat(passesUntilDone(policy, ticket("b", Priority.NORMAL, 1, 16, 1), () -> {}))
        .isEqualTo(16);
  }

  @Test
  void largeLowJob_progresses_underAFloodOfSmallHighJobs() {
    StepPolicy policy = new StepPolicy();
    policy.open("g", 32, BatchCurve.unmeasured(4));
    long[] at = {0};
    Runnable flood =
        () -> {
          while (policy.groups().iterator().next().waiting() < 50) {
            policy.add(ticket("many" + at[0] % 5, Priority.HIGH, 1, 4, at[0]++));
          }
        };
    for (int i = 0; i < 100; i++) {
      flood.run();
      policy.passed(policy.next(), 1);
    }
    // 40 row-steps, at least one in each round once its rows have slots.
    ScheduledJob low = ticket("low", Priority.LOW, 4, 10, -10 * GroupQueue.AGE_BONUS_NANOS);
    int passes = passesUntilDone(policy, low, flood);
    assertThat(passes * 4).isLessThanOrEqualTo(40 * 2 * GroupQueue.ROUND);
  }

  @Test
  void priorities_shareAPassByWeight() {
    StepPolicy policy = new StepPolicy();
    policy.open("g", 64, BatchCurve.unmeasured(GroupQueue.ROUND));
    for (Priority priority : Priority.values()) {
      policy.add(ticket("a", priority, 1_000, 1, 0));
    }
    Pass pass = policy.next();
    for (Priority priority : Priority.values()) {
      assertThat(pass.rows().stream().filter(row -> row.job.priority == priority))
          .hasSize(GroupQueue.weight(priority));
    }
  }

  @Test
  void tenants_shareAPassEqually() {
    StepPolicy policy = new StepPolicy();
    policy.open("g", 64, BatchCurve.unmeasured(12));
    policy.add(ticket("one", Priority.NORMAL, 1_000, 50, 0));
    for (int i = 0; i < 50; i++) {
      policy.add(ticket("many", Priority.NORMAL, 1, 3, i));
    }
    Map<String, Integer> places = new HashMap<>();
    for (int i = 0; i < 8; i++) {
      Pass pass = policy.next();
      pass.rows().forEach(row -> places.merge(row.job.tenant, 1, Integer::sum));
      policy.passed(pass, 1);
    }
    assertThat(places).containsEntry("one", 48).containsEntry("many", 48);
  }

  @Test
  void groups_shareTimeNotPasses() {
    StepPolicy policy = new StepPolicy();
    Map<String, Long> nanos = Map.of("small", 100L, "large", 1_700L);
    Map<String, Long> time = new HashMap<>();
    for (String group : nanos.keySet()) {
      policy.open(group, 8, BatchCurve.unmeasured(8));
      policy.add(new ScheduledJob(group, "", Priority.NORMAL, 8, 100_000, 0, ScheduledJob.NEVER));
    }
    for (int i = 0; i < 20_000; i++) {
      Pass pass = policy.next();
      time.merge(pass.group(), nanos.get(pass.group()), Long::sum);
      policy.passed(pass, nanos.get(pass.group()));
    }
    assertThat((double) time.get("small") / time.get("large")).isBetween(0.95, 1.05);
  }

  @Test
  void lowGroup_keepsItsShare_nextToAHighGroup() {
    StepPolicy policy = new StepPolicy();
    Map<String, Long> time = new HashMap<>();
    for (Priority priority : List.of(Priority.HIGH, Priority.LOW)) {
      policy.open(priority.wireName(), 8, BatchCurve.unmeasured(8));
      policy.add(
          new ScheduledJob(priority.wireName(), "", priority, 8, 100_000, 0, ScheduledJob.NEVER));
    }
    for (int i = 0; i < 20_000; i++) {
      Pass pass = policy.next();
      time.merge(pass.group(), 1L, Long::sum);
      policy.passed(pass, 1);
    }
    double share = (double) time.get("low") / time.get("high");
    assertThat(share).isBetween(0.9 / GroupQueue.HIGH, 1.1 / GroupQueue.HIGH);
  }

  @Test
  void late_reportsExactlyTheJobsThatCannotMeetTheirDeadline() {
    StepPolicy policy = new StepPolicy();
    policy.open("g", 8, new BatchCurve(new int[] {1, 8}, new long[] {100, 200}));
    ScheduledJob hopeless = new ScheduledJob("g", "", Priority.NORMAL, 1, 50, 0, 4_999);
    ScheduledJob just = new ScheduledJob("g", "", Priority.NORMAL, 1, 50, 0, 5_000);
    ScheduledJob wide = new ScheduledJob("g", "", Priority.NORMAL, 400, 1, 0, 9_999);
    policy.add(hopeless);
    policy.add(just);
    policy.add(wide);
    assertThat(policy.late(0)).containsExactlyInAnyOrder(hopeless, wide);
    assertThat(policy.late(1)).containsExactlyInAnyOrder(hopeless, wide, just);
  }

  @Test
  void outOfMemory_shrinksPasses_andSuccessGrowsThemAgain() {
    StepPolicy policy = new StepPolicy();
    policy.open("g", 8, BatchCurve.unmeasured(8));
    ScheduledJob ticket = ticket("a", Priority.NORMAL, 8, 10_000, 0);
    policy.add(ticket);
    for (int size : new int[] {8, 4, 2}) {
      Pass pass = policy.next();
      assertThat(pass.size()).isEqualTo(size);
      assertThat(policy.shrink(pass)).isTrue();
    }
    Pass last = policy.next();
    assertThat(last.size()).isEqualTo(1);
    assertThat(policy.shrink(last)).isFalse();
    long passes = 0;
    for (Pass pass = policy.next(); pass.size() < 8; pass = policy.next()) {
      policy.passed(pass, 1);
      passes++;
    }
    assertThat(passes).isBetween(3 * GroupQueue.RECOVERY_PASSES, 30 * GroupQueue.RECOVERY_PASSES);
  }
}
