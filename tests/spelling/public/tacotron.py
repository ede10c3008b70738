"""A speech-like encoder and a decoder that attends and stops by itself; teacher forcing."""

import torch
from torch import nn
from torch.autograd import Variable
from torch.nn import functional as F


class LinearNorm(torch.nn.Module):
    def __init__(self, in_dim, out_dim, bias=True, w_init_gain="linear"):
        super(LinearNorm, self).__init__()
        self.linear_layer = torch.nn.Linear(in_dim, out_dim, bias=bias)
        torch.nn.init.xavier_uniform_(
            self.linear_layer.weight, gain=torch.nn.init.calculate_gain(w_init_gain)
        )

    def forward(self, x):
        return self.linear_layer(x)


class LocationLayer(nn.Module):
    def __init__(self, n_filters, kernel_size, attention_dim):
        super().__init__()
        padding = int((kernel_size - 1) / 2)
        self.location_conv = nn.Conv1d(2, n_filters, kernel_size, padding=padding, bias=False)
        self.location_dense = LinearNorm(n_filters, attention_dim, bias=False, w_init_gain="tanh")

    def forward(self, attention_weights_cat):
        processed = self.location_conv(attention_weights_cat)
        processed = processed.transpose(1, 2)
        return self.location_dense(processed)


class Attention(nn.Module):
    def __init__(self, rnn_dim, embedding_dim, attention_dim):
        super().__init__()
        self.query_layer = LinearNorm(rnn_dim, attention_dim, bias=False, w_init_gain="tanh")
        self.memory_layer = LinearNorm(embedding_dim, attention_dim, bias=False, w_init_gain="tanh")
        self.v = LinearNorm(attention_dim, 1, bias=False)
        self.location_layer = LocationLayer(2, 3, attention_dim)
        self.score_mask_value = -float("inf")

    def get_alignment_energies(self, query, processed_memory, attention_weights_cat):
        processed_query = self.query_layer(query.unsqueeze(1))
        processed_attention_weights = self.location_layer(attention_weights_cat)
        energies = self.v(torch.tanh(processed_query + processed_attention_weights + processed_memory))
        return energies.squeeze(-1)

    def forward(self, hidden, memory, processed_memory, attention_weights_cat, mask):
        alignment = self.get_alignment_energies(hidden, processed_memory, attention_weights_cat)
        if mask is not None:
            with torch.no_grad():
                alignment.masked_fill_(mask, self.score_mask_value)
        attention_weights = F.softmax(alignment, dim=1)
        attention_context = torch.bmm(attention_weights.unsqueeze(1), memory)
        return attention_context.squeeze(1), attention_weights


class Prenet(nn.Module):
    def __init__(self, in_dim, sizes):
        super().__init__()
        in_sizes = [in_dim] + sizes[:-1]
        self.layers = nn.ModuleList(
            [LinearNorm(i, o, bias=False) for (i, o) in zip(in_sizes, sizes)]
        )

    def forward(self, x):
        for linear in self.layers:
            x = F.dropout(F.relu(linear(x)), p=0.0, training=True)
        return x


def get_mask_from_lengths(lengths):
    max_len = torch.max(lengths).item()
    ids = torch.arange(0, max_len, out=None).to(lengths)
    mask = ids < lengths.unsqueeze(1)
    return mask


class Encoder(nn.Module):
    def __init__(self, dim):
        super().__init__()
        convolutions = []
        for _ in range(2):
            conv_layer = nn.Sequential(nn.Conv1d(dim, dim, 3, padding=1), nn.BatchNorm1d(dim))
            convolutions.append(conv_layer)
        self.convolutions = nn.ModuleList(convolutions)
        self.lstm = nn.LSTM(dim, int(dim / 2), 1, batch_first=True, bidirectional=True)

    def forward(self, x, input_lengths):
        for conv in self.convolutions:
            x = F.dropout(F.relu(conv(x)), 0.0, self.training)
        x = x.transpose(1, 2)
        input_lengths = input_lengths.cpu().numpy()
        x = nn.utils.rnn.pack_padded_sequence(x, input_lengths, batch_first=True)
        self.lstm.flatten_parameters()
        outputs, _ = self.lstm(x)
        outputs, _ = nn.utils.rnn.pad_packed_sequence(outputs, batch_first=True)
        return outputs


class Decoder(nn.Module):
    def __init__(self, mels=3, embedding=4, rnn_dim=5):
        super().__init__()
        self.mels, self.embedding, self.rnn_dim = mels, embedding, rnn_dim
        self.prenet = Prenet(mels, [4, 4])
        self.attention_rnn = nn.LSTMCell(4 + embedding, rnn_dim)
        self.attention_layer = Attention(rnn_dim, embedding, 4)
        self.decoder_rnn = nn.GRUCell(rnn_dim + embedding, rnn_dim)
        self.linear_projection = LinearNorm(rnn_dim + embedding, mels)
        self.gate_layer = LinearNorm(rnn_dim + embedding, 1, bias=True, w_init_gain="sigmoid")

    def get_go_frame(self, memory):
        B = memory.size(0)
        return Variable(memory.data.new(B, self.mels).zero_())

    def initialize_decoder_states(self, memory, mask):
        B = memory.size(0)
        MAX_TIME = memory.size(1)
        self.attention_hidden = Variable(memory.data.new(B, self.rnn_dim).zero_())
        self.attention_cell = Variable(memory.data.new(B, self.rnn_dim).zero_())
        self.decoder_hidden = Variable(memory.data.new(B, self.rnn_dim).zero_())
        self.attention_weights = Variable(memory.data.new(B, MAX_TIME).zero_())
        self.attention_weights_cum = Variable(memory.data.new(B, MAX_TIME).zero_())
        self.attention_context = Variable(memory.data.new(B, self.embedding).zero_())
        self.memory = memory
        self.processed_memory = self.attention_layer.memory_layer(memory)
        self.mask = mask

    def decode(self, decoder_input):
        cell_input = torch.cat((decoder_input, self.attention_context), -1)
        self.attention_hidden, self.attention_cell = self.attention_rnn(
            cell_input, (self.attention_hidden, self.attention_cell)
        )
        attention_weights_cat = torch.cat(
            (self.attention_weights.unsqueeze(1), self.attention_weights_cum.unsqueeze(1)), dim=1
        )
        self.attention_context, self.attention_weights = self.attention_layer(
            self.attention_hidden, self.memory, self.processed_memory, attention_weights_cat, self.mask
        )
        self.attention_weights_cum = self.attention_weights_cum + self.attention_weights
        decoder_input = torch.cat((self.attention_hidden, self.attention_context), -1)
        self.decoder_hidden = self.decoder_rnn(decoder_input, self.decoder_hidden)
        both = torch.cat((self.decoder_hidden, self.attention_context), dim=1)
        return self.linear_projection(both), self.gate_layer(both), self.attention_weights

    def forward(self, memory, decoder_inputs, memory_lengths):
        decoder_input = self.get_go_frame(memory).unsqueeze(0)
        decoder_inputs = decoder_inputs.transpose(1, 2)
        decoder_inputs = decoder_inputs.view(decoder_inputs.size(0), -1, self.mels)
        decoder_inputs = decoder_inputs.permute(1, 0, 2)
        decoder_inputs = torch.cat((decoder_input, decoder_inputs), dim=0)
        decoder_inputs = self.prenet(decoder_inputs)
        self.initialize_decoder_states(memory, mask=~get_mask_from_lengths(memory_lengths))
        mel_outputs, gate_outputs, alignments = [], [], []
        while len(mel_outputs) < decoder_inputs.size(0) - 1:
            mel_output, gate_output, weights = self.decode(decoder_inputs[len(mel_outputs)])
            mel_outputs += [mel_output]
            gate_outputs += [gate_output.squeeze()]
            alignments += [weights]
        alignments = torch.stack(alignments).transpose(0, 1)
        gate_outputs = torch.stack(gate_outputs).t().contiguous()
        mel_outputs = torch.stack(mel_outputs).transpose(0, 1).contiguous()
        return mel_outputs.transpose(1, 2), gate_outputs, alignments


class Tacotron(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(7, 4)
        std = (2.0 / (7 + 4)) ** 0.5
        val = 3.0**0.5 * std
        nn.init.uniform_(self.embedding.weight, -val, val)
        self.encoder = Encoder(4)
        self.decoder = Decoder()

    def forward(self, text, lengths, mels):
        embedded = self.embedding(text).transpose(1, 2)
        return self.decoder(self.encoder(embedded, lengths), mels, memory_lengths=lengths)


def make():
    return Tacotron()


def data(rng):
    return rng.integers(0, 7, (2, 5)), [5, 3], rng.normal(size=(2, 3, 4)), rng.integers(0, 2, (2, 4)) * 1.0


def loss(model, text, lengths, mels, gates):
    mel_out, gate_out, _ = model(text, lengths, mels)
    mel_loss = nn.MSELoss()(mel_out, mels)
    gate_loss = nn.BCEWithLogitsLoss()(gate_out.view(-1, 1), gates.view(-1, 1))
    return mel_loss + gate_loss
