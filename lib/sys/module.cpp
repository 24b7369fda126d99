#include "sys/module.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "base/strings.h"
#include "sys/spawn.h"

namespace sys {
namespace {

constexpr seconds kPatience(10);

bool is_name(const std::string& text) {
  return !text.empty() && text[0] != '-' && std::ranges::all_of(text, [](unsigned char c) { return isalnum(c) || c == '_' || c == '-'; });
}

}  // namespace

Result<> load_module(const Context& ctx, const std::string& name) {
  if (!is_name(name)) return fail(Code::invalid, "{} is no name of a kernel module", quote(name));
  // What is built in has no folder there where it has no parameters: modprobe knows those.
  if (access(("/sys/module/" + replace_all(name, "-", "_")).c_str(), F_OK) == 0) return {};
  auto loaded = run(ctx.with_timeout(kPatience), {"modprobe", "-b", name});
  if (loaded) return {};
  TRY(ctx.check());
  return fail(Code::unsupported, "Failed to load kernel module '{}': {}", name, loaded.error().message());
}

}  // namespace sys
