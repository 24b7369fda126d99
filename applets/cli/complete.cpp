// The protocol between shells and the program; commands, aliases and flags.
#include "applets/cli/complete.h"

#include <algorithm>
#include <print>

#include "applets/cli/tree.h"

namespace cli {

void Offers::add(std::string word, std::string_view about) {
  if (!word.starts_with(typed)) return;
  bool known = std::ranges::any_of(list_, [&](const Offer& offer) { return offer.word == word; });
  if (!known) list_.push_back({std::move(word), std::string(about)});
}

void Offers::add_open(std::string word, std::string_view about) {
  size_t before = list_.size();
  add(std::move(word), about);
  if (list_.size() > before) directive_ |= kOfferNoSpace;
}

namespace {

constexpr seconds kPatience{2};  ///< a shell waits for us

/// The line before the cursor, taken apart.
struct Line {
  const Command* command = &root_command();
  StringList words;                     ///< arguments, without flags
  StringList flags;                     ///< flags with their values
  const Flag* open_flag = nullptr;      ///< stands before the cursor and wants a value
};

bool wants_value(const Flag& flag) { return flag.kind != FlagKind::boolean && flag.bare.empty(); }

Line read_line_words(const StringList& given) {
  Line line;
  for (const std::string& word : given) {
    if (std::exchange(line.open_flag, nullptr)) {
      line.flags.push_back(word);
      continue;
    }
    if (word.size() > 1 && word[0] == '-') {
      Flags known;
      known.declare(line.command->flags);
      known.declare(global_flags());
      const Flag* flag = word.starts_with("--") ? known.find(std::string_view(word).substr(2)) : word.size() == 2 ? known.find(word[1]) : nullptr;
      if (flag && wants_value(*flag)) line.open_flag = flag;
      line.flags.push_back(word);
      continue;
    }
    const Command* child = line.words.empty() ? find_child(*line.command, word) : nullptr;
    if (child) line.command = child;
    else line.words.push_back(word);
  }
  if (line.open_flag) line.flags.pop_back();
  return line;
}

void offer_flags(std::span<const Flag> flags, Offers& offers) {
  for (const Flag& flag : flags) {
    offers.add(std::format("--{}", long_name(flag)), flag.help);
    if (short_name(flag)) offers.add(std::format("-{}", short_name(flag)), flag.help);
  }
}

void offer_commands(const Command& parent, const Config& config, Offers& offers) {
  for (const Command* child : children_of(parent)) {
    bool shown = !(child->options & kHiddenCommand) || name_of(*child) == offers.typed;
    if (shown) offers.add(std::string(name_of(*child)), child->summary);
  }
  if (!parent.path.empty()) return;
  for (const auto& [name, target] : config.aliases) {
    if (!name.contains(' ')) offers.add(name, target);
  }
}

/// `--flag=partial`
bool offer_joined_flag(Call& call, Offers& offers) {
  size_t equals = offers.typed.find('=');
  if (!offers.typed.starts_with("--") || equals == std::string::npos) return false;
  const Flag* flag = call.flags.find(std::string_view(offers.typed).substr(2, equals - 2));
  if (flag) complete_flag_value(call, *flag, offers.typed.substr(0, equals + 1), offers);
  return true;
}

void complete(const Line& line, Config config, Offers& offers) {
  Flags flags;
  flags.declare(line.command->flags);
  flags.declare(global_flags());
  (void)parse_flags(line.flags, false, flags);  // what is broken is no help, and no harm
  if (flags.on("force-local")) config.default_remote = "local";
  Call call(*line.command, std::move(flags), std::move(config));
  call.ctx = Context().with_timeout(kPatience);
  if (line.open_flag) return complete_flag_value(call, *line.open_flag, "", offers);
  if (offer_joined_flag(call, offers)) return;
  if (offers.typed.starts_with('-')) {
    offer_flags(line.command->flags, offers);
    return offer_flags(global_flags(), offers);
  }
  if (line.words.empty()) offer_commands(*line.command, call.config, offers);
  if (line.command->run) complete_arguments(call, line.words, offers);
}

}  // namespace

int run_completion(const StringList& arguments) {
  bool describe = arguments[0] == "__complete";
  Offers offers;
  if (arguments.size() > 1) offers.typed = arguments.back();
  StringList before(arguments.begin() + 1, arguments.end() - (arguments.size() > 1 ? 1 : 0));
  if (Result<Config> config = Config::load(); config) complete(read_line_words(before), std::move(*config), offers);
  for (const Offers::Offer& offer : offers.list()) {
    if (describe && !offer.about.empty()) std::println("{}\t{}", offer.word, offer.about);
    else std::println("{}", offer.word);
  }
  std::println(":{}", offers.directive());
  return 0;
}

}  // namespace cli
