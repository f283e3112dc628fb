"""Is the data set able to answer the question, and are published figures possible?"""
