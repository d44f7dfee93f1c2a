"""Conversations with the dashboard's assistant."""

from hexclave._call import Mode, Resource
from hexclave._lift import does, lists
from hexclave_api.operations import ai_chats


class AiChats(Resource[Mode]):
    """The messages of threads."""

    list_messages = lists(ai_chats.list_chat_messages, lambda reply: reply.messages)
    save_message = does(ai_chats.save_chat_message)
