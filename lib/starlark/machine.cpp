#include "starlark/machine.h"

#include <algorithm>

#include "starlark/parser.h"
#include "starlark/resolver.h"
#include "starlark/text.h"

namespace starlark {
namespace {

constexpr size_t kMaxSource = size_t{1} << 20;

std::string plain_lines(std::string_view source) {
  std::string out;
  out.reserve(source.size());
  for (size_t i = 0; i < source.size(); i++) {
    if (source[i] != '\r') out += source[i];
    else if (i + 1 == source.size() || source[i + 1] != '\n') out += '\n';
  }
  return out;
}

}  // namespace

Result<std::shared_ptr<const Program>> Program::compile(std::string name, std::string_view source, std::span<const Row> predeclared) {
  if (source.size() > kMaxSource) return fail(Code::invalid, "{}: the program is larger than {} bytes", name, kMaxSource);
  auto program = std::make_shared<Program>();
  Tree& tree = program->tree_;
  tree.name = std::move(name);
  tree.source = plain_lines(source);
  program->predeclared_ = predeclared;
  TRY(Parser(tree).parse());
  TRY(resolve(
      tree,
      [&](std::string_view word) {
        auto found = std::ranges::find(predeclared, word, &Row::name);
        return found == predeclared.end() ? -1 : static_cast<int>(found - predeclared.begin());
      },
      universal_number));
  for (Node& node : tree.nodes)
    if (node.kind == Kind::kString || node.kind == Kind::kBytes) node.constant = &program->constants_.emplace_back(std::string(node.text));
  return program;
}

Machine::Machine(std::shared_ptr<const Program> program, Host& host, Limits limits) : program_(std::move(program)), host_(host), limits_(limits) {
  globals_.resize(program_->tree().globals.size());
  for (const Row& row : program_->predeclared()) predeclared_.push_back(object<Builtin>(Type::kBuiltin, row, Value()));
  for (const Row& row : universe()) universal_.push_back(object<Builtin>(Type::kBuiltin, row, Value()));
  universal_.insert(universal_.end(), {none(), boolean(true), boolean(false)});
}
Machine::~Machine() = default;

Result<> Machine::init() {
  Function* top = keep<Function>(*program_->tree().top, nullptr, std::vector<Value>());
  TRY(call({.type = Type::kFunction, .object = top}, {}));
  for (Value value : globals_) freeze(value);
  return {};
}

Value Machine::global(std::string_view name) const {
  const auto& names = program_->tree().globals;
  auto found = std::ranges::find(names, name);
  return found == names.end() ? Value() : globals_[static_cast<size_t>(found - names.begin())];
}

Pos Machine::caller() const { return calls_.size() < 2 ? Pos{} : calls_[calls_.size() - 2].pos; }

Result<> Machine::spend(uint64_t steps) {
  steps_ += steps;
  if (steps_ > limits_.steps) return fail(Code::invalid, "Starlark computation cancelled: too many steps");
  return reserve(0);
}

Result<> Machine::reserve(size_t bytes) {
  if (bytes > limits_.memory || memory_ + bytes > limits_.memory) return fail(Code::invalid, "Starlark computation cancelled: out of memory");
  memory_ += bytes;
  return {};
}

/// Keeps the calls that led to the error, which shows on its way up in every one of them; functions like getattr may have swallowed one before it.
Failure Machine::note(Error error) {
  if (calls_.size() < failed_depth_ && error.message() == failed_) {
    failed_depth_ = calls_.size();
    return Failure(std::move(error));
  }
  failed_ = error.message();
  failed_depth_ = calls_.size();
  backtrace_.clear();
  for (const Activation& call : calls_)
    backtrace_.push_back(call.code ? std::format("{}:{}:{}: in {}", program_->tree().name, call.pos.line, call.pos.column, call.name) : std::format("<builtin>: in {}", call.name));
  return Failure(std::move(error));
}

Result<Value> Machine::call(Value function, std::vector<Value> args, std::vector<Named> named) {
  Level level(*this);
  if (!function.is(Type::kFunction) && !function.is(Type::kBuiltin)) return fail(Code::invalid, "invalid call of non-function ({})", type_name(function));
  if (depth_ > limits_.depth) return fail(Code::invalid, "Starlark stack overflow");
  Result<Value> out = none();
  if (function.is(Type::kFunction)) {
    const Function& known = as<Function>(function);
    calls_.push_back({&known.code, known.code.name, known.code.pos});
    out = run_function(known, args, named);
  } else {
    const Builtin& builtin = as<Builtin>(function);
    calls_.push_back({nullptr, builtin.row.name, {}});
    Call call{*this, builtin.row, builtin.self, std::move(args), std::move(named)};
    int given = static_cast<int>(call.args.size()), least = builtin.row.least, most = builtin.row.most;
    if (most < 0) out = builtin.row.run(call);
    else if (!call.named.empty()) out = call.fail("unexpected keyword arguments");
    else if (given < least) out = call.fail("got {} arguments, want {}{}", given, least < most ? "at least " : "", least);
    else if (given > most) out = call.fail("got {} arguments, want {}{}", given, least < most ? "at most " : "", most);
    else out = builtin.row.run(call);
  }
  if (!out) out = note(std::move(out).error());
  calls_.pop_back();
  return out;
}

Result<Value> Machine::run_function(const Function& function, std::vector<Value>& args, std::vector<Named>& named) {
  const FunctionCode& code = function.code;
  for (size_t i = 0; i + 1 < calls_.size(); i++)
    if (calls_[i].code == &code) return fail(Code::invalid, "function {} called recursively", code.name);
  auto run_in = [&](Frame& frame) -> Result<Value> {
    TRY(bind(function, frame, args, named));
    frame.result = none();
    TRY(run(code.body, frame));
    return frame.result;
  };
  if (code.inner) return run_in(*keep<Frame>(code, function.outer));
  Frame frame(code, function.outer);  // nobody keeps it
  return run_in(frame);
}

Result<> Machine::bind(const Function& function, Frame& frame, std::vector<Value>& args, std::vector<Named>& named) {
  const FunctionCode& code = function.code;
  if (code.parameter_count() == 0) {
    if (args.size() + named.size() > 0) return fail(Code::invalid, "function {} accepts no arguments ({} given)", code.name, args.size() + named.size());
    return {};
  }
  size_t positional = code.plain - code.keyword_only, taken = std::min(args.size(), positional);
  bool optional = std::ranges::any_of(function.defaults.begin(), function.defaults.begin() + static_cast<ptrdiff_t>(positional), [](Value value) { return bool(value); });
  if (args.size() > positional && !code.star)
    return fail(Code::invalid, "function {} accepts {}{} positional argument{} ({} given)", code.name, optional ? "at most " : "", positional, positional == 1 ? "" : "s", args.size());
  std::copy_n(args.begin(), taken, frame.slots.begin());
  if (code.star) frame.slots[code.plain] = tuple(std::vector<Value>(args.begin() + static_cast<ptrdiff_t>(taken), args.end()));
  TRY(bind_named(code, frame, named));
  return bind_defaults(function, frame);
}

Result<> Machine::bind_named(const FunctionCode& code, Frame& frame, std::vector<Named>& named) {
  Value rest = code.star_star ? object<Table>(Type::kDict) : Value();
  for (const Named& argument : named) {
    auto end = code.locals.begin() + code.plain;
    auto found = std::find(code.locals.begin(), end, argument.name);
    if (found == end && !rest) return fail(Code::invalid, "function {} got an unexpected keyword argument {}", code.name, quote_literal(argument.name));
    bool fresh;
    if (found == end) {
      fresh = TRY(as<Table>(rest).insert(*this, text(std::string(argument.name)), argument.value));
    } else {
      Value& slot = frame.slots[static_cast<size_t>(found - code.locals.begin())];
      fresh = !slot;
      slot = argument.value;
    }
    if (!fresh) return fail(Code::invalid, "function {} got multiple values for parameter {}", code.name, quote_literal(argument.name));
  }
  if (rest) frame.slots[code.plain + code.star] = rest;
  return {};
}

Result<> Machine::bind_defaults(const Function& function, Frame& frame) {
  const FunctionCode& code = function.code;
  std::string missing;
  size_t count = 0;
  for (size_t i = 0; i < code.plain; i++) {
    if (frame.slots[i]) continue;
    frame.slots[i] = function.defaults[i];
    if (frame.slots[i]) continue;
    missing += std::format("{}{}", count++ ? ", " : "", code.locals[i]);
  }
  if (count) return fail(Code::invalid, "function {} missing {} argument{} ({})", code.name, count, count > 1 ? "s" : "", missing);
  return {};
}

Result<Value> Machine::make_function(const FunctionCode& code, Frame& frame) {
  std::vector<Value> defaults;
  for (const Parameter& parameter : code.parameters) {
    if (parameter.kind != Parameter::kPlain) continue;
    Value value;
    if (parameter.otherwise) value = TRY(eval(*parameter.otherwise, frame));
    defaults.push_back(value);
  }
  return object<Function>(Type::kFunction, code, &frame, std::move(defaults));
}

}  // namespace starlark
