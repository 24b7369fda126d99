// Root file systems from package mirrors, by the programs that distributions have for it.
#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "applets/image/sources.h"
#include "sys/spawn.h"

namespace builder {

namespace {

Result<> run_program(const Context& ctx, StringList argv) {
  sys::SpawnSpec spec;
  spec.argv = std::move(argv);
  spec.stdout_fd = STDOUT_FILENO;
  spec.stderr_fd = STDERR_FILENO;
  std::string name = spec.argv[0];
  sys::Child child = TRY(sys::spawn(spec));
  auto status = TRY(child.wait(ctx));
  return status.ok() ? Result<>() : fail(Code::invalid, "{} failed with exit status {}", name, status.shell_code());
}

/// What two programs want to know, in the words of one of them.
struct Bootstrap {
  std::string_view program;
  const char *architecture, *unverified;
  const char* exclude;  ///< null: what is not wanted is removed afterwards
};
constexpr Bootstrap kDebootstrap{"debootstrap", "--arch=", "--no-check-gpg", "--exclude="};
constexpr Bootstrap kMmdebstrap{"mmdebstrap", "--architectures=", "--aptopt=APT::Get::AllowUnauthenticated true", nullptr};

/// Packages that come with the first ones, or (`install` false) never come: those of sets marked `early`.
StringList early_packages(const Definition& definition, bool install) {
  StringList early;
  for (const PackageSet& set : definition.sets) {
    if (set.early && set.install == install && definition.wants(set)) early.insert(early.end(), set.packages.begin(), set.packages.end());
  }
  return early;
}

StringList bootstrap_words(const Definition& definition, const Bootstrap& words) {
  const StringMap& source = definition.source;
  StringList argv{std::string(words.program)};
  if (auto variant = get_or(source, "variant"); !variant.empty() && variant != "default") argv.push_back("--variant=" + variant);
  if (!definition.components.empty()) argv.push_back("--components=" + join(definition.components, ","));
  if (!definition.architecture_mapped.empty()) argv.push_back(words.architecture + definition.architecture_mapped);
  if (is_true(get_or(source, "skip_verification"))) argv.push_back(words.unverified);
  if (StringList early = early_packages(definition, true); !early.empty()) argv.push_back("--include=" + join(early, ","));
  if (StringList never = early_packages(definition, false); words.exclude && !never.empty()) argv.push_back(words.exclude + join(never, ","));
  return argv;
}

/// Programs that install packages into another root. Words in braces are filled in; the packages follow.
struct Installer {
  std::string_view name;
  const char* words;
  const char* exclude = nullptr;  ///< stands before each package that is not to come; null: those are removed afterwards
};
constexpr Installer kInstallers[] = {
    {"apk", "apk --root {root} --arch {arch} --initdb --no-cache --repository {url} add"},
    {"pacstrap", "pacstrap -c -G -M {root}"},
    {"rpmbootstrap", "dnf -y --installroot={root} --releasever={release} --setopt=reposdir={repositories} --setopt=install_weak_deps=False install", "--exclude="},
    {"zypper", "zypper --non-interactive --root {root} install --no-recommends"},
};

/// Where dnf finds its repositories: a file beside the root where the source's URL is the text of one ("[base]\nbaseurl=..."), as others have it;
/// else those that the definition put into the root.
Result<std::string> repository_folder(const std::string& url, const Tree& tree) {
  if (!url.starts_with('[')) return tree.root + "/etc/yum.repos.d";
  std::string folder = tree.templates + "/../repositories";
  std::error_code error;
  std::filesystem::create_directory(folder, error);
  TRY(write_file_atomic(folder + "/source.repo", url + "\n", 0644));
  return folder;
}

}  // namespace

bool done_by_source(const Definition& definition, const PackageSet& set) {
  const std::string& downloader = definition.source.at("downloader");
  if (!set.early) return false;
  for (const Bootstrap& row : {kDebootstrap, kMmdebstrap})
    if (downloader == row.program) return set.install || row.exclude;
  auto row = std::ranges::find(kInstallers, downloader, &Installer::name);
  return row != std::end(kInstallers) && (set.install || row->exclude);
}

Result<> from_debootstrap(const Context& ctx, const Definition& definition, const Tree& tree) {
  const StringMap& source = definition.source;
  StringList argv = bootstrap_words(definition, kDebootstrap);
  argv.insert(argv.end(), {source.at("suite"), tree.root});
  std::string url = TRY(definition.render(get_or(source, "url"))), same = get_or(source, "same_as");
  if (!url.empty()) argv.push_back(url);
  // debootstrap picks its script by the suite's name; same_as names another suite's. It stands after the mirror.
  if (!same.empty() && url.empty()) return fail(Code::invalid, "source.same_as needs source.url");
  if (!same.empty()) argv.push_back("/usr/share/debootstrap/scripts/" + same);
  return run_program(ctx, std::move(argv));
}

Result<> from_mmdebstrap(const Context& ctx, const Definition& definition, const Tree& tree) {
  StringList argv = bootstrap_words(definition, kMmdebstrap);
  argv.insert(argv.end(), {"--mode=root", "--format=directory", "--quiet", definition.source.at("suite"), tree.root});
  if (auto url = TRY(definition.render(get_or(definition.source, "url"))); !url.empty()) argv.push_back(url);
  return run_program(ctx, std::move(argv));
}

Result<> from_installer(const Context& ctx, const Definition& definition, const Tree& tree) {
  auto row = std::ranges::find(kInstallers, definition.source.at("downloader"), &Installer::name);
  StringList packages = early_packages(definition, true);
  packages.insert(packages.begin(), definition.components.begin(), definition.components.end());
  if (packages.empty()) return fail(Code::invalid, "The downloader {} needs a set of packages with early: true", row->name);
  TRY(add_repositories(definition, tree));
  std::string url = TRY(definition.render(get_or(definition.source, "url")));
  const std::pair<const char*, std::string> kFilled[] = {
      {"{root}", tree.root}, {"{release}", definition.image.at("release")}, {"{arch}", definition.architecture_mapped}, {"{url}", url},
      {"{repositories}", TRY(repository_folder(url, tree))}};
  StringList argv;
  for (std::string word : split_list(row->words, ' ')) {
    for (const auto& [name, value] : kFilled) word = replace_all(word, name, value);
    argv.push_back(word);
  }
  for (const std::string& never : row->exclude ? early_packages(definition, false) : StringList()) argv.push_back(row->exclude + never);
  argv.insert(argv.end(), packages.begin(), packages.end());
  return run_program(ctx, std::move(argv));
}

}  // namespace builder
