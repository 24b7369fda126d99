// Compiles programs and runs them within limits: steps, memory and depth of calls. Nothing here blocks or touches the outside.
#pragma once
#include <deque>
#include <functional>
#include <initializer_list>
#include <optional>

#include "starlark/table.h"
#include "starlark/value.h"

namespace starlark {

struct Call;
using Native = Result<Value> (*)(Call& call);

/// A function that is written in C++. Where `most` is not negative, only positions count as arguments, and their number is checked before it runs.
struct Row {
  std::string_view name;
  Native run;
  int least = 0, most = -1;
};

struct Named {
  std::string_view name;
  Value value;
};

/// What programs reach outside of the language; functions of the host find it in Call::machine.
struct Host {
  virtual ~Host() = default;
  virtual void print(std::string_view /*text*/) {}
};

struct Limits {
  uint64_t steps = 20'000'000;     ///< about a second
  size_t memory = size_t{64} << 20;  ///< bytes, of all values that were made
  size_t depth = 300;              ///< calls and the expressions and blocks in them
};

/// A program that was read, immutable: any number of machines may run it at the same time.
class Program {
 public:
  /// `name` stands before positions in messages; `predeclared` are the host's functions, which every run has to get.
  /// Errors: invalid, "NAME:LINE:COLUMN: message", the first one found.
  static Result<std::shared_ptr<const Program>> compile(std::string name, std::string_view source, std::span<const Row> predeclared);

  const Tree& tree() const { return tree_; }
  std::span<const Row> predeclared() const { return predeclared_; }

 private:
  Tree tree_;
  std::deque<Text> constants_;
  std::span<const Row> predeclared_;
};

/// One run of a program: its variables and all its values. One thread at a time.
class Machine {
 public:
  Machine(std::shared_ptr<const Program> program, Host& host, Limits limits = {});
  ~Machine();
  Machine(const Machine&) = delete;

  /// Nothing of the host can be called: the program is only looked at.
  void forget_host() { predeclared_.assign(predeclared_.size(), Value()); }
  /// Runs the program's own statements, then freezes its variables. Errors: invalid; backtrace() says more.
  Result<> init();
  /// A variable of the program; unset if it has none of that name.
  Value global(std::string_view name) const;
  /// Calls a function of the program or of the host. Errors: as init().
  Result<Value> call(Value function, std::vector<Value> args, std::vector<Named> named = {});
  /// Where the first error came up: one "NAME:LINE:COLUMN: in FUNCTION" a call, the innermost last.
  const std::vector<std::string>& backtrace() const { return backtrace_; }
  /// Where the program called the host's function that runs now.
  Pos caller() const;
  Host& host() { return host_; }

  Value text(std::string text) { return object<Text>(Type::kString, std::move(text)); }
  Value bytes(std::string text) { return object<Text>(Type::kBytes, std::move(text)); }
  Value list(std::vector<Value> items = {}) { return object<Sequence>(Type::kList, std::move(items)); }
  Value tuple(std::vector<Value> items = {}) { return object<Sequence>(Type::kTuple, std::move(items)); }
  template <class T, class... Args>
  Value object(Type type, Args&&... args) {
    return {.type = type, .object = keep<T>(std::forward<Args>(args)...)};
  }

  /// Counts work beyond one step a node. Errors: invalid when the limit is reached, also that of memory.
  Result<> spend(uint64_t steps = 1);
  /// Counts memory, before it is taken where it may be much.
  Result<> reserve(size_t bytes);
  Result<bool> equal(Value a, Value b, int depth = kCompareDepth);
  /// a < b, a == b …; `op` is one of the six comparisons.
  Result<bool> compare(Token op, Value a, Value b, int depth = kCompareDepth);
  Result<Value> binary(Token op, Value a, Value b);
  Result<Value> attribute(Value of, std::string_view name);
  /// Fails where the value is frozen or a loop goes over it; `verb` is what was tried.
  static Result<> changeable(Value value, std::string_view verb);
  /// Where `what` first occurs at or behind `from`, or last where `last`; npos if nowhere.
  Result<size_t> find(std::string_view text, std::string_view what, bool last = false, size_t from = 0);
  /// Adds all of `from` to a list.
  Result<> extend(Value list, Value from);
  /// Adds all entries of one dict to another.
  Result<> merge(Value into, Value from);
  /// a | b, a & b, a - b, a ^ b of sets; `b` may be anything to iterate over.
  Result<Value> set_operation(Token op, Value a, Value b);
  /// A bound of a slice of `size` elements: an int, counted from the end where negative, brought between `least` and `most`; `otherwise` without one.
  static Result<int64_t> bound(Value value, int64_t size, int64_t otherwise, int64_t least, int64_t most, std::string_view which);
  /// Position of an element, counted from the start. Errors: no int, out of range.
  static Result<size_t> position(Value of, Value at);
  /// Equal values have equal hashes. Errors: lists and the like have none.
  Result<uint32_t> hash(Value value, int depth = 0);
  static constexpr int kCompareDepth = 10;

 private:
  enum class Flow { kNext, kBreak, kContinue, kReturn };
  struct Activation {
    const FunctionCode* code;  ///< null: a function of the host or the language
    std::string_view name;
    Pos pos;
  };
  /// Counts the depth of what calls itself.
  struct Level {
    explicit Level(Machine& machine) : machine(machine) { machine.depth_++; }
    Level(const Level&) = delete;
    ~Level() { machine.depth_--; }
    Machine& machine;
  };

  template <class T, class... Args>
  T* keep(Args&&... args) {
    auto owned = std::make_unique<T>(std::forward<Args>(args)...);
    T* out = owned.get();
    count(*out);
    heap_.push_back(std::move(owned));
    return out;
  }
  void count(const Object&) { memory_ += 64; }
  void count(const Text& text) { memory_ += 64 + text.text.capacity(); }
  void count(const Sequence& list) { memory_ += 64 + list.items.capacity() * sizeof(Value); }
  void count(const Frame& frame) { memory_ += 96 + frame.slots.size() * sizeof(Value); }

  Failure note(Error error);
  Result<Value> run_function(const Function& function, std::vector<Value>& args, std::vector<Named>& named);
  Result<> bind(const Function& function, Frame& frame, std::vector<Value>& args, std::vector<Named>& named);
  Result<> bind_named(const FunctionCode& code, Frame& frame, std::vector<Named>& named);
  static Result<> bind_defaults(const Function& function, Frame& frame);
  Result<Value> make_function(const FunctionCode& code, Frame& frame);

  Result<Flow> run(const std::vector<Node*>& list, Frame& frame);
  Result<Flow> statement(const Node& node, Frame& frame);
  Result<Flow> if_statement(const Node* node, Frame& frame);
  Result<Flow> for_statement(const Node& node, Frame& frame);
  Result<> assign(const Node& left, Value value, Frame& frame);
  Result<> unpack(const Node& left, Value value, Frame& frame);
  Result<> augment(const Node& node, Frame& frame);
  Result<Value> augmented(Token op, Value left, Value right);

  Result<Value> eval(const Node& node, Frame& frame);
  Result<Value> eval_name(const Node& node, Frame& frame);
  Result<Value> eval_unary(const Node& node, Frame& frame);
  Result<Value> eval_binary(const Node& node, Frame& frame);
  Result<Value> eval_items(const Node& node, Frame& frame);
  Result<Value> eval_dict(const Node& node, Frame& frame);
  Result<Value> eval_comprehension(const Node& node, Frame& frame);
  Result<> eval_clauses(const Node& node, size_t clause, Value into, Frame& frame);
  Result<Value> eval_slice(const Node& node, Frame& frame);
  Result<Value> eval_call(const Node& node, Frame& frame);
  Result<> eval_star(Value value, std::vector<Value>& args);
  Result<> eval_star_star(Value value, std::vector<Named>& named);
  Result<Value> index(Value of, Value at);
  Result<> set_index(Value of, Value at, Value value);
  void at(Pos pos) { calls_.back().pos = pos; }

  Result<Value> add(Value a, Value b);
  Result<Value> multiply(Value a, Value b);
  Result<Value> repeat(Value what, int64_t times);
  Result<Value> arithmetic(Token op, Value a, Value b);
  Result<Value> bitwise(Token op, Value a, Value b);
  Result<bool> contains(Value in, Value what);
  Result<bool> compare_items(Token op, Value a, Value b, int depth);
  Result<bool> compare_tables(Token op, Value a, Value b, int depth);

  std::shared_ptr<const Program> program_;
  Host& host_;
  Limits limits_;
  std::deque<std::unique_ptr<Object>> heap_;
  uint64_t steps_ = 0;
  size_t memory_ = 0, depth_ = 0;
  std::vector<Value> globals_, predeclared_, universal_;
  std::vector<Activation> calls_;
  std::vector<std::string> backtrace_;
  std::string failed_;        ///< what backtrace_ is of
  size_t failed_depth_ = 0;  ///< how far up the error has come
};

/// Goes over the elements of a value, which cannot be changed meanwhile.
class Iterator {
 public:
  Iterator(Machine& machine, Value over);
  ~Iterator();
  Iterator(const Iterator&) = delete;
  static bool possible(Value over);
  /// False at the end. Errors: limits of the run.
  Result<bool> next(Value& out);

 private:
  Value part();
  Machine& machine_;
  Value over_;
  size_t at_ = 0;
};

/// The arguments of one call of a Row.
struct Call {
  Machine& machine;
  const Row& row;
  Value self;
  std::vector<Value> args;
  std::vector<Named> named;

  /// "NAME: message"
  template <class... Parts>
  Failure fail(std::format_string<Parts...> format, Parts&&... parts) const {
    return ::fail(Code::invalid, "{}: {}", row.name, std::format(format, std::forward<Parts>(parts)...));
  }
  Value arg(size_t i) const { return i < args.size() ? args[i] : Value(); }
  /// Arguments by position or name, in the order of `names`; a name may end in "?" (optional) or "??" (None is as good as nothing).
  Result<std::vector<Value>> unpack(std::initializer_list<std::string_view> names) const;
  /// The i-th value as what it has to be. `name`: how the message calls it, else by its number.
  Result<std::string_view> text(Value value, size_t i, std::string_view name = "") const;
  Result<int64_t> number(Value value, size_t i, std::string_view name = "") const;
  Result<bool> boolean(Value value, size_t i, std::string_view name = "") const;
  Result<Value> iterable(Value value, size_t i, std::string_view name = "") const;
  Failure wanted(std::string_view want, Value value, size_t i, std::string_view name) const;
};

/// The functions every program has, by number; the constants None, True and False come behind them.
std::span<const Row> universe();
int universal_number(std::string_view name);
/// The methods of a type of values.
std::span<const Row> methods(Type type);

/// text % value. Errors: invalid.
Result<std::string> interpolate(Machine& machine, std::string_view format, Value value);

}  // namespace starlark
