#include "instance/lxc/seccomp_filter.h"

#include <fcntl.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <unistd.h>

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/strings.h"

namespace instance::lxc {
namespace {

struct ReleaseFilter {
  void operator()(void* filter) const { seccomp_release(filter); }
};
using Filter = std::unique_ptr<void, ReleaseFilter>;

struct NamedNumber {
  std::string_view name;
  uint32_t number;
};
constexpr NamedNumber kArchitectures[] = {{"x86", SCMP_ARCH_X86},         {"x86_64", SCMP_ARCH_X86_64},   {"x32", SCMP_ARCH_X32},         {"arm", SCMP_ARCH_ARM},
                                          {"arm64", SCMP_ARCH_AARCH64},   {"aarch64", SCMP_ARCH_AARCH64}, {"ppc64", SCMP_ARCH_PPC64},     {"ppc64le", SCMP_ARCH_PPC64LE},
                                          {"s390x", SCMP_ARCH_S390X},     {"riscv64", SCMP_ARCH_RISCV64}, {"mips", SCMP_ARCH_MIPS},       {"mips64", SCMP_ARCH_MIPS64}};
constexpr NamedNumber kComparisons[] = {{"SCMP_CMP_NE", SCMP_CMP_NE}, {"SCMP_CMP_LT", SCMP_CMP_LT}, {"SCMP_CMP_LE", SCMP_CMP_LE}, {"SCMP_CMP_EQ", SCMP_CMP_EQ},
                                        {"SCMP_CMP_GE", SCMP_CMP_GE}, {"SCMP_CMP_GT", SCMP_CMP_GT}, {"SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ}};
constexpr NamedNumber kActions[] = {{"kill", SCMP_ACT_KILL}, {"trap", SCMP_ACT_TRAP}, {"allow", SCMP_ACT_ALLOW}, {"errno", SCMP_ACT_ERRNO(0)},
                                      {"notify", SCMP_ACT_NOTIFY}};

template <size_t N>
std::optional<uint32_t> find_number(const NamedNumber (&table)[N], std::string_view name) {
  for (const NamedNumber& row : table) {
    if (row.name == name) return row.number;
  }
  return std::nullopt;
}

/// "[1,8192,SCMP_CMP_MASKED_EQ,61440]" -> a comparison of argument 1.
std::optional<scmp_arg_cmp> parse_comparison(std::string_view text) {
  if (!text.starts_with('[') || !text.ends_with(']')) return std::nullopt;
  StringList parts = split(text.substr(1, text.size() - 2), ',');
  if (parts.size() != 3 && parts.size() != 4) return std::nullopt;
  auto index = parse_uint(trim(parts[0]));
  auto value = parse_uint(trim(parts[1]));
  auto operation = find_number(kComparisons, trim(parts[2]));
  auto mask = parts.size() == 4 ? parse_uint(trim(parts[3])) : std::optional<uint64_t>(0);
  if (!index || *index > 5 || !value || !operation || !mask) return std::nullopt;
  scmp_arg_cmp comparison{.arg = static_cast<unsigned>(*index), .op = static_cast<scmp_compare>(*operation), .datum_a = *value, .datum_b = 0};
  // libseccomp wants the mask first.
  if (comparison.op == SCMP_CMP_MASKED_EQ) {
    comparison.datum_a = *mask;
    comparison.datum_b = *value;
  }
  return comparison;
}

struct Rule {
  std::string call;
  uint32_t action = 0;
  std::vector<scmp_arg_cmp> comparisons;
};

/// "mknod errno 1 [1,…]"; the action may be missing.
Result<Rule> parse_rule(const std::string& line, uint32_t default_action) {
  StringList words = split_list(line, ' ');
  Rule rule{.call = words[0], .action = default_action};
  size_t next = 1;
  if (next < words.size() && !words[next].starts_with('[')) {
    std::string name = words[next++];
    auto action = find_number(kActions, name);
    if (!action) return fail(Code::invalid, "Unknown seccomp action in {}", quote(line));
    rule.action = *action;
    if (name == "errno") {
      auto number = next < words.size() ? parse_uint(words[next++]) : std::nullopt;
      if (!number) return fail(Code::invalid, "Invalid seccomp rule {}", quote(line));
      rule.action = SCMP_ACT_ERRNO(static_cast<uint32_t>(*number));
    }
  }
  for (; next < words.size(); ++next) {
    auto comparison = parse_comparison(words[next]);
    if (!comparison) return fail(Code::invalid, "Invalid seccomp rule {}", quote(line));
    rule.comparisons.push_back(*comparison);
  }
  return rule;
}

/// Adds a rule for all architectures, or for one of them.
void add_rule(scmp_filter_ctx filter, const Rule& rule, std::optional<uint32_t> architecture, uint32_t default_action) {
  if (rule.action == default_action) return;
  auto add = [&](int number) { seccomp_rule_add_array(filter, rule.action, number, static_cast<unsigned>(rule.comparisons.size()), rule.comparisons.data()); };
  if (rule.call == "reject_force_umount") {
    scmp_arg_cmp force{.arg = 1, .op = SCMP_CMP_MASKED_EQ, .datum_a = 1 /* MNT_FORCE */, .datum_b = 1};
    seccomp_rule_add_array(filter, SCMP_ACT_ERRNO(13), SCMP_SYS(umount2), 1, &force);
    return;
  }
  // Names this architecture doesn't know are skipped, as liblxc does.
  int number = architecture ? seccomp_syscall_resolve_name_rewrite(*architecture, rule.call.c_str()) : seccomp_syscall_resolve_name(rule.call.c_str());
  if (number != __NR_SCMP_ERROR) add(number);
}

struct Policy {
  bool allowlist = false;
  std::vector<std::pair<std::optional<uint32_t>, Rule>> rules;
};

Result<Policy> parse_policy(const std::string& text) {
  StringList lines = split(text, '\n');
  if (lines.empty() || trim(lines[0]) != "2") return fail(Code::invalid, "Unsupported seccomp policy version");
  Policy policy;
  if (lines.size() > 1) policy.allowlist = lines[1].starts_with("allowlist") || lines[1].starts_with("whitelist");
  std::optional<uint32_t> architecture;
  for (size_t i = 2; i < lines.size(); ++i) {
    std::string line(trim(split(lines[i], '#')[0]));
    if (line.empty()) continue;
    if (line.starts_with('[')) {
      architecture = find_number(kArchitectures, line.substr(1, line.size() - 2));
      continue;
    }
    policy.rules.emplace_back(architecture, TRY(parse_rule(line, policy.allowlist ? SCMP_ACT_ALLOW : SCMP_ACT_KILL)));
  }
  return policy;
}

void add_compatible_architectures(scmp_filter_ctx filter) {
  uint32_t native = seccomp_arch_native();
  if (native == SCMP_ARCH_X86_64) {
    seccomp_arch_add(filter, SCMP_ARCH_X86);
    seccomp_arch_add(filter, SCMP_ARCH_X32);
  }
  if (native == SCMP_ARCH_AARCH64) seccomp_arch_add(filter, SCMP_ARCH_ARM);
}

Result<std::string> compile(const std::string& text) {
  Policy policy = TRY(parse_policy(text));
  uint32_t default_action = policy.allowlist ? SCMP_ACT_KILL : SCMP_ACT_ALLOW;
  Filter filter(seccomp_init(default_action));
  if (!filter) return fail(Code::internal, "Failed making a seccomp filter");
  add_compatible_architectures(filter.get());
  for (const auto& [architecture, rule] : policy.rules) add_rule(filter.get(), rule, architecture, default_action);
  UniqueFd file(memfd_create("seccomp", MFD_CLOEXEC));
  if (!file || seccomp_export_bpf(filter.get(), file.get()) != 0) return fail(Code::internal, "Failed compiling a seccomp filter");
  off_t size = lseek(file.get(), 0, SEEK_END);
  std::string program(static_cast<size_t>(size), '\0');
  if (pread(file.get(), program.data(), program.size(), 0) != size) return fail_errno("Failed reading a seccomp filter");
  return program;
}

}  // namespace

Result<UniqueFd> seccomp_filter_file(const std::string& policy) {
  if (policy.empty()) return UniqueFd();
  static std::mutex mutex;
  static std::map<std::string, std::string> compiled;
  std::lock_guard lock(mutex);
  auto known = compiled.find(policy);
  if (known == compiled.end()) {
    if (compiled.size() >= 64) compiled.clear();  // nearly all containers share one policy
    known = compiled.emplace(policy, TRY(compile(policy))).first;
  }
  UniqueFd file(memfd_create("seccomp", MFD_CLOEXEC));
  const std::string& program = known->second;
  if (!file || write(file.get(), program.data(), program.size()) != static_cast<ssize_t>(program.size())) return fail_errno("Failed writing a seccomp filter");
  lseek(file.get(), 0, SEEK_SET);
  return file;
}

}  // namespace instance::lxc
