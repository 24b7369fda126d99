// The manual says what the tables say: every command, flag and key has its place on a page.
#include <catch2/catch_test_macros.hpp>

#include "applets/cli/flags.h"
#include "applets/cli/key_tables.h"
#include "applets/cli/manual.h"
#include "applets/cli/tree.h"

using namespace cli;

namespace {

void check_pages(const Command& command) {
  INFO(command.path);
  CHECK_FALSE(command.summary.empty());
  ManualPage page = manual_page(command, true);
  std::string text = find_manual_format("md")->render(page);
  for (const Flag& flag : command.flags) CHECK(text.contains(std::format("--{}", long_name(flag))));
  for (std::string_view format : {"man", "rest", "yaml"}) CHECK(find_manual_format(format)->render(page).size() > 100);
  for (const Command* child : children_of(command)) {
    CHECK(text.contains(command_line_of(*child)));
    check_pages(*child);
  }
}

}  // namespace

TEST_CASE("manual: a page for every command, with every flag", "[cli]") { check_pages(root_command()); }

TEST_CASE("manual: troff's own characters are escaped", "[cli]") {
  std::string text = find_manual_format("man")->render(manual_page(*find_path("file push"), false));
  CHECK(text.contains(".SH NAME\nincus\\-file\\-push"));
  CHECK_FALSE(text.contains("\n'"));
}

TEST_CASE("manual: every config key is described", "[cli]") {
  std::string text = key_manual_markdown(), man = key_manual_man();
  for (const KeyChapter& chapter : key_chapters()) {
    for (const config::Key& key : chapter.keys) {
      INFO(chapter.title << " " << key.name);
      CHECK(text.contains(std::format("| `{}` |", key.name)));
      CHECK_FALSE(key.summary.empty());
    }
  }
  CHECK(man.contains("limits.cpu"));
}
