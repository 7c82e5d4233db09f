package dev.mezzotint.model;

import dev.mezzotint.json.InvalidInputException;
import dev.mezzotint.json.JsonObject;
import java.nio.BufferUnderflowException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Reads one pickle as plain data. A pickle is a program for a stack machine, and in Python it can
 * call any function by name; this machine knows the few names that a saved state dict needs, for
 * which it creates records of its own, and refuses all others. Nothing is ever executed.
 *
 * <p>Bounded by {@link #OPS_MAX}: every opcode creates at most one object, in time proportional to
 * what it takes from the stack. One instance reads one pickle; not for several threads.
 */
final class PickleMachine {
  /** A tensor takes about 20 opcodes. */
  static final int OPS_MAX = 1_000_000;

  /** Python's {@code None}, and the mark of the stack machine. */
  enum Constant {
    NONE,
    MARK
  }

  /** Python's tuple. */
  record Tuple(List<Object> items) {}

  /** Python's {@code OrderedDict} and {@code dict}. Keys are strings, numbers and truth values. */
  static final class Dict {
    final Map<Object, Object> members = new LinkedHashMap<>();
  }

  /** An element type, given by the name of a storage class. */
  record StorageType(DType dtype) {}

  /** Bytes in another entry of the archive: {@code data/<key>}. */
  record Storage(DType dtype, String key, long elements) {}

  /** A view of a storage; sizes, strides and offset in elements, not yet checked. */
  record View(Storage storage, long offset, List<Long> sizes, List<Long> strides) {}

  /** Functions that a state dict calls. */
  private enum Function {
    ORDERED_DICT,
    REBUILD_TENSOR,
    REBUILD_PARAMETER
  }

  private static final Map<String, Object> GLOBALS =
      Map.ofEntries(
          Map.entry("collections.OrderedDict", Function.ORDERED_DICT),
          Map.entry("torch._utils._rebuild_tensor_v2", Function.REBUILD_TENSOR),
          Map.entry("torch._utils._rebuild_parameter", Function.REBUILD_PARAMETER),
          Map.entry("torch.FloatStorage", new StorageType(DType.F32)),
          Map.entry("torch.HalfStorage", new StorageType(DType.F16)),
          Map.entry("torch.BFloat16Storage", new StorageType(DType.BF16)),
          Map.entry("torch.DoubleStorage", new StorageType(DType.F64)),
          Map.entry("torch.LongStorage", new StorageType(DType.I64)),
          Map.entry("torch.IntStorage", new StorageType(DType.I32)),
          Map.entry("torch.ShortStorage", new StorageType(DType.I16)),
          Map.entry("torch.CharStorage", new StorageType(DType.I8)),
          Map.entry("torch.ByteStorage", new StorageType(DType.U8)),
          Map.entry("torch.BoolStorage", new StorageType(DType.BOOL)));

  private final PickleBytes in;
  private final List<Object> stack = new ArrayList<>();
  private final Map<Long, Object> memo = new HashMap<>();

  private PickleMachine(byte[] pickle) {
    in = new PickleBytes(pickle);
  }

  /**
   * The object that the pickle describes: a {@link Dict}, {@link View}, list, {@link Tuple},
   * string, number, boolean or {@link Constant#NONE}.
   *
   * @throws InvalidInputException whose field is the entry at fault, or empty
   */
  static Object read(byte[] pickle) {
    PickleMachine machine = new PickleMachine(pickle);
    try {
      return machine.run();
    } catch (BufferUnderflowException e) {
      throw machine.refuse("the pickle is cut off");
    }
  }

  private Object run() {
    for (int ops = 0; ops < OPS_MAX; ops++) {
      int opcode = in.uint8();
      if (opcode == '.') {
        Object result = pop();
        if (!stack.isEmpty() || in.hasRemaining()) {
          throw refuse("the pickle continues after its end");
        }
        return result;
      }
      if (!literal(opcode) && !container(opcode)) {
        call(opcode);
      }
    }
    throw refuse("the pickle has more than " + OPS_MAX + " instructions");
  }

  /** Opcodes that push one value. */
  private boolean literal(int opcode) {
    switch (opcode) {
      case 'N' -> stack.add(Constant.NONE);
      case 0x88 -> stack.add(true);
      case 0x89 -> stack.add(false);
      case 'K' -> stack.add((long) in.uint8());
      case 'M' -> stack.add(in.uint16());
      case 'J' -> stack.add(in.int32());
      case 0x8a -> stack.add(in.integer(in.uint8()));
      case 'G' -> stack.add(in.float64());
      case 'X', 'T' -> stack.add(in.text(in.uint32()));
      case 0x8c, 'U' -> stack.add(in.text(in.uint8()));
      case 0x8d -> stack.add(in.text(in.int64()));
      case 'C' -> stack.add(in.bytes(in.uint8()));
      case 'B' -> stack.add(in.bytes(in.uint32()));
      case 'c' -> stack.add(global(in.line(), in.line()));
      case 0x93 -> {
        Object name = pop();
        stack.add(global(string(pop()), string(name)));
      }
      case 'h' -> stack.add(recall(in.uint8()));
      case 'j' -> stack.add(recall(in.uint32()));
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Opcodes that rearrange the stack. */
  private boolean container(int opcode) {
    switch (opcode) {
      case 0x80 -> {
        int protocol = in.uint8();
        if (protocol < 2 || protocol > 5) {
          throw refuse("the pickle has protocol " + protocol + ", known are 2 to 5");
        }
      }
      case 0x95 -> {
        long frame = in.int64();
        if (frame < 0 || frame > in.remaining()) {
          throw new BufferUnderflowException();
        }
      }
      case '(' -> stack.add(Constant.MARK);
      case '0' -> pop();
      case '1' -> popToMark();
      case 'q' -> memo.put((long) in.uint8(), top());
      case 'r' -> memo.put(in.uint32(), top());
      case 0x94 -> memo.put((long) memo.size(), top());
      case ')' -> stack.add(new Tuple(List.of()));
      case 0x85 -> tuple(1);
      case 0x86 -> tuple(2);
      case 0x87 -> tuple(3);
      case 't' -> stack.add(new Tuple(popToMark()));
      case ']' -> stack.add(new ArrayList<>());
      case 'l' -> stack.add(popToMark());
      case 'a' -> {
        Object item = pop();
        list().add(item);
      }
      case 'e' -> {
        List<Object> items = popToMark();
        list().addAll(items);
      }
      case '}' -> stack.add(new Dict());
      case 'd' -> {
        List<Object> pairs = popToMark();
        stack.add(new Dict());
        setItems(pairs);
      }
      case 's' -> {
        Object value = pop();
        Object key = pop();
        setItems(List.of(key, value));
      }
      case 'u' -> setItems(popToMark());
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Opcodes by which Python would call something: our records, or a refusal. */
  private void call(int opcode) {
    switch (opcode) {
      case 'R' -> {
        Object arguments = pop();
        Object callee = pop();
        if (!(callee instanceof Function function) || !(arguments instanceof Tuple tuple)) {
          throw refuse("the pickle calls something other than a function of a state dict");
        }
        stack.add(apply(function, tuple.items()));
      }
      case 'Q' -> stack.add(storage(pop()));
      case 'b' -> {
        // State dicts have their modules' versions as an attribute, which is not needed here.
        Object state = pop();
        if (!(state instanceof Dict) || !(top() instanceof Dict)) {
          throw refuse("the pickle sets the state of something other than a dict");
        }
      }
      case 'i' -> throw refuseGlobal(in.line(), in.line());
      case 'o' -> throw refuse("the pickle creates an object (OBJ)");
      case 0x81, 0x92 -> throw refuse("the pickle creates an object (NEWOBJ)");
      case 0x82, 0x83, 0x84 -> throw refuse("the pickle calls an extension (EXT)");
      default ->
          throw refuse(
              String.format(
                  Locale.ROOT,
                  "the pickle has the instruction 0x%02x, which no state dict needs",
                  opcode));
    }
  }

  private Object global(String module, String name) {
    Object known = GLOBALS.get(module + "." + name);
    if (known == null) {
      throw refuseGlobal(module, name);
    }
    return known;
  }

  private InvalidInputException refuseGlobal(String module, String name) {
    return refuse("the pickle calls " + JsonObject.quote(module + "." + name));
  }

  private Object apply(Function function, List<Object> arguments) {
    switch (function) {
      case ORDERED_DICT -> {
        if (!arguments.isEmpty()) {
          throw refuse("the pickle fills an OrderedDict unlike a state dict");
        }
        return new Dict();
      }
      case REBUILD_PARAMETER -> {
        if (arguments.size() == 3 && arguments.get(0) instanceof View view) {
          refuseHooks(arguments.get(2));
          return view;
        }
      }
      case REBUILD_TENSOR -> {
        int given = arguments.size();
        if ((given == 6 || given == 7) && arguments.get(0) instanceof Storage storage) {
          refuseHooks(arguments.get(5));
          return new View(
              storage,
              number(arguments.get(1)),
              numbers(arguments.get(2)),
              numbers(arguments.get(3)));
        }
      }
    }
    throw refuse("the pickle describes a tensor with unexpected arguments");
  }

  private void refuseHooks(Object hooks) {
    if (!(hooks instanceof Dict dict) || !dict.members.isEmpty()) {
      throw refuse("the pickle attaches hooks to a tensor");
    }
  }

  /** {@code ("storage", type, key, device, elements)}; the device says where it once was. */
  private Storage storage(Object id) {
    if (id instanceof Tuple tuple
        && tuple.items().size() == 5
        && tuple.items().get(0).equals("storage")
        && tuple.items().get(1) instanceof StorageType type
        && tuple.items().get(2) instanceof String key
        && tuple.items().get(4) instanceof Long elements) {
      return new Storage(type.dtype(), key, elements);
    }
    throw refuse("the pickle refers to an external object that is not a storage");
  }

  private void setItems(List<Object> pairs) {
    if (!(top() instanceof Dict dict) || pairs.size() % 2 != 0) {
      throw refuse("the pickle sets items of something other than a dict");
    }
    for (int i = 0; i < pairs.size(); i += 2) {
      Object key = pairs.get(i);
      if (!(key instanceof String || key instanceof Long || key instanceof Boolean)) {
        throw refuse("the pickle has a dict whose keys are not names");
      }
      dict.members.put(key, pairs.get(i + 1));
    }
  }

  private void tuple(int size) {
    Object[] items = new Object[size];
    for (int i = size; i-- > 0; ) {
      items[i] = pop();
    }
    stack.add(new Tuple(List.of(items)));
  }

  @SuppressWarnings("unchecked") // lists on the stack are ours
  private List<Object> list() {
    if (top() instanceof ArrayList<?> list) {
      return (List<Object>) list;
    }
    throw refuse("the pickle appends to something other than a list");
  }

  private Object pop() {
    Object item = top();
    stack.remove(stack.size() - 1);
    return item;
  }

  private Object top() {
    if (stack.isEmpty() || stack.get(stack.size() - 1) == Constant.MARK) {
      throw refuse("the pickle takes more from its stack than there is");
    }
    return stack.get(stack.size() - 1);
  }

  private List<Object> popToMark() {
    int mark = stack.lastIndexOf(Constant.MARK);
    if (mark < 0) {
      throw refuse("the pickle takes more from its stack than there is");
    }
    List<Object> above = stack.subList(mark, stack.size());
    List<Object> items = new ArrayList<>(above.subList(1, above.size()));
    above.clear();
    return items;
  }

  private Object recall(long index) {
    Object value = memo.get(index);
    if (value == null) {
      throw refuse("the pickle recalls a value that it never stored");
    }
    return value;
  }

  private String string(Object value) {
    if (value instanceof String string) {
      return string;
    }
    throw refuse("the pickle names a function by something other than a string");
  }

  private long number(Object value) {
    if (value instanceof Long number) {
      return number;
    }
    throw refuse("the pickle describes a tensor with sizes that are not integers");
  }

  private List<Long> numbers(Object value) {
    if (!(value instanceof Tuple tuple) || tuple.items().size() > PickleWeights.AXES_MAX) {
      throw refuse("the pickle describes a tensor without a list of sizes or strides");
    }
    return tuple.items().stream().map(this::number).toList();
  }

  private InvalidInputException refuse(String message) {
    return new InvalidInputException(currentKey(), message);
  }

  /** The last name on the stack that has no value yet: where the fault is. */
  private String currentKey() {
    String key = "";
    for (int i = 0; i + 1 < stack.size(); i++) {
      if (stack.get(i) instanceof Dict) {
        // Either one pair at a time, or after a mark.
        boolean marked = stack.get(i + 1) == Constant.MARK;
        for (int k = marked ? i + 2 : i + 1; k < stack.size(); k += 2) {
          if (!(stack.get(k) instanceof String name)) {
            break;
          }
          key = name;
          if (!marked || (k + 1 < stack.size() && stack.get(k + 1) == Constant.MARK)) {
            break;
          }
        }
      }
    }
    return key;
  }
}
