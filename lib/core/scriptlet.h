// Scriptlets: programs in Starlark that administrators keep in config keys, and how they exchange values with the rest.
#pragma once
#include <span>

#include "api/json.h"
#include "base/strings.h"
#include "starlark/machine.h"

namespace core {

/// A function that a scriptlet defines, or may define.
struct ScriptletFunction {
  std::string_view name;
  bool optional;
  StringList parameters;
};

/// What scriptlets of one kind are: `name` stands before positions in messages, `rows` are the functions they may call.
struct ScriptletKind {
  std::string_view name;
  std::span<const starlark::Row> rows;
  std::span<const ScriptletFunction> functions;
};

/// Errors: invalid: does not compile, or a function is missing or has other parameters.
Result<> check_scriptlet(const ScriptletKind& kind, std::string_view source);

/// Logs what the scriptlet prints, "LABEL: text". The host of every kind derives from it.
struct ScriptletHost : starlark::Host {
  explicit ScriptletHost(std::string label) : label(std::move(label)) {}
  void print(std::string_view text) override;
  std::string label;
};
/// log_info, log_warn, log_error: rows of every kind. The machine's host has to be a ScriptletHost.
Result<starlark::Value> scriptlet_log(starlark::Call& call);

/// A scriptlet from its source to its variables: compiled and run up to its functions. Errors: invalid.
Result<std::unique_ptr<starlark::Machine>> load_scriptlet(const ScriptletKind& kind, std::string_view source, ScriptletHost& host);
/// Calls a function of it. Errors: invalid `Failed to run: …`; the path of calls is logged.
Result<starlark::Value> call_scriptlet(starlark::Machine& machine, std::string_view function, std::vector<starlark::Named> arguments);

enum class Numbers { as_they_are, real };  ///< real: as a decoder that knows only floats leaves them
/// `record`: name of the type that the outermost object becomes, whose members are attributes; empty: a dict as all others.
Result<starlark::Value> scriptlet_value(starlark::Machine& machine, const Json& json, std::string_view record = "", Numbers numbers = Numbers::as_they_are);
/// None, bools, numbers, strings, bytes (as base64), lists and dicts with strings as keys. Whole floats become ints. Errors: invalid.
Result<Json> scriptlet_json(starlark::Machine& machine, starlark::Value value);

}  // namespace core
