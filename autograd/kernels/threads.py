WORTHWHILE = 2**22


def for_each(function, items, big):
    for item in items:
        function(item)
