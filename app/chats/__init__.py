"""Live chat: visitors of a website, their conversations, and what reps do in them.

A chat is a ticket of the channel `chat` from the visitor's first word on, in the same transaction: it is in the inbox, the
board, the timeline, search and surveys like everything else. What is a chat's own (who waits, who has it, the order of
its lines) lies here. The wire is `app.connectors.chat`, what joins both is `app.workers.chat.service`.
"""
