"""A decoder reads random games of tic-tac-toe, without the rules, and then plays."""

import torch
from transformers import GPT2Config, GPT2LMHeadModel

from snippets import plots
from snippets.shared.tic_tac_toe import judged, play, to_win

END, START, NO_LABEL = 9, 10, -100  # squares are the tokens 0 to 8


def judge():
    # The shares of moves to a free square, of right games, and of right ones among new.
    start = torch.full((500, 1), START)
    written = model.generate(
        start, attention_mask=start > 0, do_sample=True, top_k=0, max_new_tokens=10,
        pad_token_id=END, eos_token_id=END)[:, 1:].tolist()  # fmt: skip
    new = [game for game in written if game not in known]
    return *judged(written, END), judged(new, END)[1], len(new)


torch.manual_seed(0)
games = [[START, *play(seed), END] for seed in range(10000)]
rows = torch.tensor([game + [END] * (11 - len(game)) for game in games])
known = rows[:, 1:].tolist()
labels = torch.tensor([game + [NO_LABEL] * (11 - len(game)) for game in games])
model = GPT2LMHeadModel(GPT2Config(
    vocab_size=11, n_positions=12, n_embd=48, n_layer=2, n_head=4,
    initializer_range=0.1, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0))  # fmt: skip
free_before, right_before, *_ = judge()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 8e-3, 700)
for step in range(700):
    some = torch.randint(len(rows), (64,))
    model(rows[some], labels=labels[some]).loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    schedule.step()
free_after, right_after, right_new, new = judge()
print(f"free squares: {free_before:.0%} before training, {free_after:.1%} after")
# Any free square, but stopping by chance as often as the games, or on a full board.
lengths = (labels == END).float().mean(dim=0)
by_length, by_filling = lengths.square().sum().item(), lengths[-1].item()
print(f"right games: {right_before:.0%}, {right_after:.1%}; by chance {by_length:.1%}")
print(f"games that it had not read: {new} of 500, right: {right_new:.1%}")


def choose(moves):
    # The probability of each square as the next move.
    return model(torch.tensor([[START, *moves]])).logits[0, -1].softmax(-1)[:9].detach()


places = to_win(range(10000, 10500))  # of new games
odds = [choose(moves)[win].item() * (9 - len(moves)) for moves, win in places]
won, lowest, highest, seen = sum(odds) / len(odds), min(odds), max(odds), len(odds)
print(f"a winning square × free squares: {won:.2f}, {lowest:.2f} to {highest:.2f}")
board = choose([0, 4, 1, 8])  # X has 0 and 1 and can win at 2; O has 4 and 8
on_taken, on_winning = board[[0, 4, 1, 8]].sum().item(), board[2].item()
plots.heatmap(board.view(3, 3), title="It avoids taken squares", numbers=True)
