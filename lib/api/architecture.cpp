// The architecture table.
#include "api/architecture.h"

#include <sys/utsname.h>

#include <algorithm>
#include <array>

namespace api {

namespace {

struct Architecture {
  int id;
  std::string_view name;
  std::array<std::string_view, 6> aliases;
  std::string_view personality;
  std::array<int, 3> runs;  ///< ids, 0 where unused
};

constexpr Architecture kArchitectures[] = {
    {1, "i686", {"i386", "i586", "386", "x86", "generic_32"}, "linux32", {}},
    {2, "x86_64", {"amd64", "generic_64", "x86_64_v1", "x86_64_v2", "x86_64_v3", "x86_64_v4"}, "linux64", {1}},
    {3, "armv7l", {"armhf", "armhfp", "armv7a_hardfp", "armv7", "armv7a_vfpv3_hardfp"}, "linux32", {13}},
    {4, "aarch64", {"arm64", "arm64_generic"}, "linux64", {13, 3, 14}},
    {5, "ppc", {"powerpc"}, "linux32", {}},
    {6, "ppc64", {"powerpc64"}, "linux64", {5}},
    {7, "ppc64le", {"ppc64el"}, "linux64", {}},
    {8, "s390x", {}, "linux64", {}},
    {9, "mips", {"mipsel", "mipsle"}, "linux32", {}},
    {10, "mips64", {"mips64el", "mips64le"}, "linux64", {9}},
    {11, "riscv32", {}, "linux32", {}},
    {12, "riscv64", {}, "linux64", {}},
    {13, "armv6l", {"armel", "arm"}, "linux32", {}},
    {14, "armv8l", {}, "linux32", {13, 3}},
    {15, "loongarch64", {"loong64"}, "linux64", {}},
};

const Architecture* by_id(int id) {
  auto found = std::ranges::find(kArchitectures, id, &Architecture::id);
  return found == std::end(kArchitectures) ? nullptr : found;
}

}  // namespace

Result<int> architecture_id(std::string_view name) {
  if (!name.empty()) {
    for (const Architecture& row : kArchitectures) {
      if (row.name == name || std::ranges::contains(row.aliases, name)) return row.id;
    }
  }
  return fail(Code::invalid, "Architecture isn't supported: {}", name);
}

std::string_view architecture_name(int id) {
  const Architecture* row = by_id(id);
  return row ? row->name : "unknown";
}

std::vector<int> architecture_personalities(int id) {
  std::vector<int> ids;
  if (const Architecture* row = by_id(id)) std::ranges::copy_if(row->runs, std::back_inserter(ids), [](int other) { return other != 0; });
  return ids;
}

std::string_view architecture_personality(int id) {
  const Architecture* row = by_id(id);
  return row ? row->personality : "linux64";
}

int local_architecture() {
  utsname kernel{};
  if (uname(&kernel) != 0) return kUnknownArchitecture;
  return architecture_id(kernel.machine).value_or(kUnknownArchitecture);
}

std::vector<std::string> local_architecture_names() {
  int local = local_architecture();
  std::vector<std::string> names{std::string(architecture_name(local))};
  for (int id : architecture_personalities(local)) names.emplace_back(architecture_name(id));
  return names;
}

}  // namespace api
