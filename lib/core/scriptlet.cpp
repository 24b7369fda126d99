#include "core/scriptlet.h"

#include <algorithm>
#include <cmath>

#include "base/encode.h"
#include "base/log.h"

namespace core {
namespace {

using starlark::Type;
using starlark::Value;

constexpr int kMaxDepth = 64;

/// ["a" "b"]
std::string shown(const StringList& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : " ") + quote(name);
  return "[" + out + "]";
}

StringList parameters_of(Value function) {
  const starlark::FunctionCode& code = starlark::as<starlark::Function>(function).code;
  StringList out;
  for (size_t i = 0; i < code.parameter_count(); i++) out.emplace_back(code.locals[i]);
  return out;
}

/// In any order. Lists of the same length are sorted by it.
bool same_names(StringList& a, StringList& b) {
  if (a.size() != b.size()) return false;
  std::ranges::sort(a);
  std::ranges::sort(b);
  return a == b;
}

/// What is wrong with the functions, as one sentence in up to three parts.
std::string complaints(const starlark::Machine& machine, std::span<const ScriptletFunction> functions) {
  StringList missing, mistyped, mismatched, parts;
  for (const ScriptletFunction& wanted : functions) {
    Value found = machine.global(wanted.name);
    std::string_view kind = wanted.optional ? "optional" : "required";
    if (!found) {
      if (!wanted.optional) missing.emplace_back(wanted.name);
    } else if (!found.is(Type::kFunction)) {
      mistyped.push_back(std::format("{} should define the scriptlet’s {} function of the same name (found a value of type {} instead)", quote(wanted.name), kind,
                                     starlark::type_name(found)));
    } else if (StringList got = parameters_of(found), expected = wanted.parameters; !same_names(got, expected)) {
      mismatched.push_back(std::format("the {} function {} defines arguments {} (expected {})", kind, quote(wanted.name), shown(got), shown(expected)));
    }
  }
  if (missing.size() == 1) parts.push_back(std::format("the function {} is required but has not been found in the scriptlet", quote(missing[0])));
  if (missing.size() > 1) parts.push_back(std::format("the functions {} are required but have not been found in the scriptlet", shown(missing)));
  if (!mistyped.empty()) parts.push_back(join(mistyped, ", "));
  if (!mismatched.empty()) parts.push_back(join(mismatched, ", "));
  std::string out;
  for (size_t i = 0; i < parts.size(); i++) out += (i == 0 ? "" : i == 1 ? "; additionally, " : "; finally, ") + parts[i];
  return out;
}

Result<Value> value_of(starlark::Machine& machine, const Json& json, std::string_view record, Numbers numbers) {
  TRY(machine.spend());
  switch (json.type()) {
    case Json::value_t::boolean: return starlark::boolean(json.get<bool>());
    case Json::value_t::number_integer:
    case Json::value_t::number_unsigned:
      if (numbers == Numbers::real || !json.is_number_integer()) return starlark::real(json.get<double>());
      return starlark::integer(json.get<int64_t>());
    case Json::value_t::number_float: return starlark::real(json.get<double>());
    case Json::value_t::string: return machine.text(json.get<std::string>());
    case Json::value_t::array: {
      std::vector<Value> items;
      for (const Json& item : json) items.push_back(TRY(value_of(machine, item, "", numbers)));
      return machine.list(std::move(items));
    }
    case Json::value_t::object: break;
    default: return starlark::none();
  }
  Value out = record.empty() ? machine.object<starlark::Table>(Type::kDict) : machine.object<starlark::Record>(Type::kRecord, record);
  for (const auto& [name, member] : json.items()) {
    Value value = TRY(value_of(machine, member, "", numbers));
    TRY(starlark::as<starlark::Table>(out).insert(machine, machine.text(name), value));
  }
  return out;
}

Result<Json> json_of(starlark::Machine& machine, Value value, int depth) {
  TRY(machine.spend());
  if (depth > kMaxDepth) return fail(Code::invalid, "The value is nested too deeply");
  switch (value.type) {
    case Type::kNone: return Json();
    case Type::kBool: return Json(value.truth);
    case Type::kInt: return Json(value.integer);
    case Type::kFloat:
      if (value.real == std::floor(value.real) && std::abs(value.real) < 1e15) return Json(static_cast<int64_t>(value.real));
      return Json(value.real);
    case Type::kString: return Json(starlark::text_of(value));
    case Type::kBytes: return Json(base64_encode(starlark::text_of(value)));
    case Type::kList: {
      Json out = Json::array();
      for (Value item : starlark::items_of(value)) out.push_back(TRY(json_of(machine, item, depth + 1)));
      return out;
    }
    case Type::kDict: break;
    default: return fail(Code::invalid, "Unsupported type: {}", starlark::type_name(value));
  }
  Json out = Json::object();
  size_t at = 0;
  while (const auto* entry = starlark::as<starlark::Table>(value).next(at)) {
    if (!entry->key.is(Type::kString)) return fail(Code::invalid, "Only string keys are supported, found {}", starlark::type_name(entry->key));
    out[starlark::text_of(entry->key)] = TRY(json_of(machine, entry->value, depth + 1));
  }
  return out;
}

Result<std::unique_ptr<starlark::Machine>> compiled(const ScriptletKind& kind, std::string_view source, starlark::Host& host) {
  auto program = TRY(starlark::Program::compile(std::string(kind.name), source, kind.rows));
  return std::make_unique<starlark::Machine>(std::move(program), host);
}

}  // namespace

Result<> check_scriptlet(const ScriptletKind& kind, std::string_view source) {
  starlark::Host host;
  auto machine = TRY(compiled(kind, source, host));
  machine->forget_host();
  TRY(machine->init());
  std::string wrong = complaints(*machine, kind.functions);
  return wrong.empty() ? Result<>() : fail(Code::invalid, "{}", wrong);
}

void ScriptletHost::print(std::string_view text) { log_info(std::format("{}: {}", label, text)); }

Result<Value> scriptlet_log(starlark::Call& call) {
  std::string text = static_cast<ScriptletHost&>(call.machine.host()).label + ": ";
  for (Value argument : call.args) text += starlark::str(argument);
  LogLevel level = call.row.name == "log_info" ? LogLevel::info : call.row.name == "log_warn" ? LogLevel::warning : LogLevel::error;
  log_message(level, text, {});
  return starlark::none();
}

Result<std::unique_ptr<starlark::Machine>> load_scriptlet(const ScriptletKind& kind, std::string_view source, ScriptletHost& host) {
  auto machine = TRY(compiled(kind, source, host));
  TRY_CTX(machine->init(), "Failed initializing");
  return machine;
}

Result<Value> call_scriptlet(starlark::Machine& machine, std::string_view function, std::vector<starlark::Named> arguments) {
  Value target = machine.global(function);
  if (!target) return fail(Code::invalid, "Scriptlet missing {} function", function);
  auto out = machine.call(target, {}, std::move(arguments));
  if (out) return out;
  log_warn(static_cast<ScriptletHost&>(machine.host()).label + " failed", {{"error", out.error().message()}, {"calls", join(machine.backtrace(), "; ")}});
  return Failure(std::move(out).error().wrap("Failed to run"));
}

Result<Value> scriptlet_value(starlark::Machine& machine, const Json& json, std::string_view record, Numbers numbers) { return value_of(machine, json, record, numbers); }

Result<Json> scriptlet_json(starlark::Machine& machine, Value value) { return json_of(machine, value, 0); }

}  // namespace core
