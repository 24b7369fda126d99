// Package managers: one row each, their commands run in the root.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "applets/image/chroot.h"
#include "applets/image/sources.h"
#include "archive/stream.h"
#include "sys/in_root.h"

namespace builder {

namespace {

struct Manager {
  std::string_view name;
  const char *refresh, *update, *install, *remove, *clean;
  const char* repositories;  ///< folder of repository files; null: not by files
  const char* ending;        ///< of such a file
};
/// What was downloaded, and what only tells when and in which order something was installed: the same packages make the same image.
constexpr const char* kCleanApt =
    "apt-get clean; rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/log/apt/* /var/log/dpkg.log /var/log/alternatives.log /var/log/bootstrap.log "
    "/var/cache/ldconfig/aux-cache /var/cache/debconf/*-old /var/lib/dpkg/*-old /etc/*- /var/lib/systemd/catalog/database";
constexpr Manager kManagers[] = {
    {"apk", "apk update", "apk upgrade", "apk add", "apk del --rdepends", "rm -rf /var/cache/apk/*", nullptr, nullptr},
    {"apt", "apt-get update", "apt-get -y dist-upgrade", "apt-get -y install", "apt-get -y remove --auto-remove", kCleanApt,
     "etc/apt/sources.list.d", ".list"},
    {"dnf", "dnf -y makecache", "dnf -y upgrade", "dnf -y install", "dnf -y remove", "dnf -y clean all", "etc/yum.repos.d", ".repo"},
    {"pacman", "pacman -Syy --noconfirm", "pacman -Su --noconfirm", "pacman -S --noconfirm --needed", "pacman -Rcs --noconfirm", "rm -rf /var/cache/pacman/pkg/*", nullptr, nullptr},
    {"yum", "yum -y makecache", "yum -y update", "yum -y install", "yum -y remove", "yum -y clean all", "etc/yum.repos.d", ".repo"},
    {"zypper", "zypper --non-interactive --gpg-auto-import-keys refresh", "zypper --non-interactive --gpg-auto-import-keys update",
     "zypper --non-interactive --gpg-auto-import-keys install --allow-downgrade --replacefiles", "zypper --non-interactive remove", "zypper --non-interactive clean -a",
     "etc/zypp/repos.d", ".repo"},
};

/// A word of the shell script that a manager's commands become. Names with other characters than packages have are refused.
Result<std::string> checked(const std::string& package) {
  bool plain = !package.empty() && package[0] != '-' && std::ranges::all_of(package, [](unsigned char c) { return isalnum(c) || strchr("+-._:~@/=*", c); });
  if (!plain) return fail(Code::invalid, "packages: {} is not the name of a package", quote(package));
  return "'" + package + "'";
}

Result<> write_in_root(const std::string& root, const std::string& folder, const std::string& name, const std::string& text) {
  UniqueFd top(open(root.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!top) return fail_errno("open " + root);
  UniqueFd parent = TRY(sys::make_folders_in_root(top.get(), folder, 0755));
  UniqueFd file(openat(parent.get(), name.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) return fail_errno("Cannot write " + folder + "/" + name);
  return archive::sink_to_fd(file.get())(text);
}

/// The row of the definition's manager, or what the definition says about its own. Errors: unsupported.
Result<Manager> find_manager(const Definition& definition) {
  if (const StringMap& own = definition.custom_manager; !own.empty()) {
    auto command = [&](const char* name) { return own.at(name).c_str(); };
    return Manager{definition.manager, command("refresh"), command("update"), command("install"), command("remove"), command("clean"), nullptr, nullptr};
  }
  auto manager = std::ranges::find(kManagers, definition.manager, &Manager::name);
  if (manager == std::end(kManagers)) return fail(Code::unsupported, "packages: the manager {} isn't known", quote(definition.manager));
  return *manager;
}

}  // namespace

Result<> add_repositories(const Definition& definition, const Tree& tree) {
  if (definition.repositories.empty()) return {};
  const Manager manager = TRY(find_manager(definition));
  for (const Repository& repository : definition.repositories) {
    if (!definition.wants(repository)) continue;
    if (!manager.repositories) return fail(Code::unsupported, "packages: repositories of {} can't be added", manager.name);
    if (repository.type == "sources.list" || repository.name == "sources.list") TRY(write_in_root(tree.root, "etc/apt", "sources.list", TRY(definition.render(repository.url)) + "\n"));
    else TRY(write_in_root(tree.root, manager.repositories, repository.name + manager.ending, TRY(definition.render(repository.url)) + "\n"));
    if (!repository.key.empty()) TRY(write_in_root(tree.root, "etc/apt/trusted.gpg.d", repository.name + ".asc", repository.key));
  }
  return {};
}

Result<> change_packages(const Context& ctx, const Definition& definition, const Tree& tree) {
  if (definition.manager.empty()) return {};
  const Manager manager = TRY(find_manager(definition));
  TRY(add_repositories(definition, tree));
  auto run = [&](const std::string& commands, const std::string& what) { return run_in_root(ctx, tree.root, "#!/bin/sh -eu\n" + commands + "\n", definition.environment, what); };
  auto due = [&](const PackageSet& set) { return definition.wants(set) && !set.packages.empty() && !done_by_source(definition, set); };
  bool changes = std::ranges::any_of(definition.sets, due);
  if (definition.update || changes) TRY(run(manager.refresh, "The list of packages"));
  if (definition.update) {
    TRY(run(manager.update, "The update"));
    TRY(run_actions(ctx, definition, tree, "post-update"));
  }
  for (const PackageSet& set : definition.sets) {
    if (!due(set)) continue;
    std::string command = set.install ? manager.install : manager.remove;
    for (const std::string& word : set.flags) command += " " + shell_quoted(word);
    for (const std::string& package : set.packages) command += " " + TRY(checked(package));
    TRY(run(command, set.install ? "Installing packages" : "Removing packages"));
  }
  return definition.cleanup ? run(manager.clean, "The cleanup of packages") : Result<>();
}

}  // namespace builder
